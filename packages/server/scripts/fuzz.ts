/**
 * Sends a server what no client should: node packages/server/scripts/fuzz.ts [count] [seed] [first]
 *
 * Every case follows from the seed and its number alone, so a failure is replayed with the count 1, its seed and its
 * number as `first`. Ends with one line and status 0 if every answer was the envelope, none a 5xx, and memory did not
 * grow; otherwise with status 1.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createPool } from "../src/db/database.ts";
import { openEmbedded } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";
import { refusals } from "../src/errors.ts";
import { createLogger } from "../src/log.ts";
import { insertAccount } from "../src/modules/accounts/accounts.queries.ts";
import { createClientService } from "../src/modules/clients/clients.service.ts";
import { loadMasterKeys } from "../src/modules/clients/master-key.ts";
import { type RawAnswer, type RawConnection, connectRaw } from "../test/raw-http.ts";

/** The server to send to, and a client and a card of it, so that some cases get all the way. */
export interface FuzzTarget {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly serialNo: string;
}

export interface FuzzResult {
  /** Answers by errcode; "none" is a connection that was closed without one, as an unfinished request's may be. */
  readonly answers: ReadonlyMap<number | "none", number>;
  /** What was wrong, with the number of the case. */
  readonly failures: readonly string[];
  /** Bytes of heap in use, after a collection, when a fifth of the cases was done and at the end. */
  readonly heapBytes: readonly [number, number];
}

const path = "/v1/member/info";

/** A reproducible source of choices: mulberry32, 32 bits of state. */
class Choices {
  #state: number;

  constructor(seed: number, number: number) {
    this.#state = createHash("sha256").update(`${seed}/${number}`).digest().readUInt32LE();
  }

  /** A whole number from 0, below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  oneOf<const T>(first: T, ...rest: readonly T[]): T {
    return rest[this.below(rest.length + 1)] ?? first;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  list<T>(lengthMax: number, make: () => T): T[] {
    return Array.from({ length: this.below(lengthMax + 1) }, make);
  }
}

/** One case: what goes onto the wire, and whether it is a whole request, which must be answered exactly once. */
interface Case {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

function makeCase(choices: Choices, target: FuzzTarget): Case {
  const body = makeBody(choices, target);
  if (choices.chance(75)) return { bytes: request(body), whole: true };
  if (choices.chance(60)) return oddRequest(choices, body);
  // Whatever it is, it ends there: the connection is closed for writing behind it.
  const bytes = choices.chance(20) ? choices.bytes(choices.below(300)) : mutate(choices, request(body));
  return { bytes, whole: false };
}

function request(
  body: Buffer,
  head = `POST ${path} HTTP/1.1`,
  headers: readonly string[] = ["content-type: application/json"],
): Buffer {
  const lines = [head, "host: fuzz", ...headers, `content-length: ${body.length}`, "", ""];
  return Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), body]);
}

function makeBody(choices: Choices, target: FuzzTarget): Buffer {
  const kind = choices.below(100);
  if (kind < 5) return Buffer.from(signed(ownParameters(target), target.clientSecret));
  if (kind < 10) return Buffer.from(signed(nearlyOwnParameters(choices, target), target.clientSecret));
  if (kind < 45) return mutate(choices, Buffer.from(signed(ownParameters(target), target.clientSecret)));
  if (kind < 60) return Buffer.from(signed(oddParameters(choices, target), target.clientSecret));
  if (kind < 70) return Buffer.from(JSON.stringify(oddValue(choices, 4)));
  if (kind < 78) return Buffer.from(withOddNumber(choices, target));
  if (kind < 85) return Buffer.from(nested(choices));
  if (kind < 92) return choices.bytes(choices.below(600));
  if (kind < 97) return Buffer.from(wronglySigned(choices, target));
  return Buffer.alloc(
    choices.oneOf(0, 1, 16_383, 16_384, 16_385, 70_000),
    choices.oneOf(" ", "{", "[", '"', "a", "\\", "\u0000"),
  );
}

type Body = Record<string, unknown>;

function ownParameters(target: FuzzTarget): Body {
  return { client_id: target.clientId, serial_no: target.serialNo, timestamp: Math.floor(Date.now() / 1000) };
}

/** Well-formed, and mostly for a card or a time that is none. */
function nearlyOwnParameters(choices: Choices, target: FuzzTarget): Body {
  const own = ownParameters(target);
  return choices.chance(50)
    ? {
        ...own,
        serial_no: choices.oneOf<string | number>(
          "99999999",
          "1234567890",
          "89860012345678901234",
          "898600123456789012A",
          "600001",
          0,
        ),
      }
    : { ...own, timestamp: Number(own["timestamp"]) + choices.oneOf(-400, -299, 299, 400, 1e9, -1e9) };
}

/** Signed as the contract says, whether or not it may be signed at all. */
function signed(parameters: Body, secret: string, glue = ""): string {
  const joined = Object.keys(parameters)
    .sort()
    .map((name) => `${name}=${String(parameters[name])}`)
    .join("&");
  return JSON.stringify({ ...parameters, sign: sha1(joined + glue + secret) });
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex").toUpperCase();
}

function oddParameters(choices: Choices, target: FuzzTarget): Body {
  const parameters = ownParameters(target);
  const names = [
    "serial_no",
    "client_id",
    "timestamp",
    "constructor",
    "__proto__",
    "tostring",
    "a",
    "z_9",
    "A",
    "",
    "sign_type",
    "流",
  ] as const;
  for (const name of choices.list(4, () => choices.oneOf(...names))) {
    // Not by assignment, which would set the prototype.
    Object.defineProperty(parameters, name, { value: oddValue(choices, 1), enumerable: true, configurable: true });
  }
  // Few of them, since the server remembers ids that do not exist.
  if (choices.chance(10)) parameters["client_id"] = `iot${String(choices.below(50)).padStart(20, "0")}`;
  return parameters;
}

function wronglySigned(choices: Choices, target: FuzzTarget): string {
  const parameters = { ...ownParameters(target), remark: oddText(choices) };
  const body = signed(parameters, target.clientSecret, choices.oneOf("&", "&key=", " ", "\n"));
  return choices.chance(50) ? body : body.replace(/"sign":"[^"]*"/, `"sign":${JSON.stringify(oddText(choices))}`);
}

function oddText(choices: Choices): string {
  const pieces = [
    "",
    "a",
    "0",
    "87000001",
    "8986001234567890123",
    "=",
    "%",
    "+",
    " ",
    '"',
    "\\",
    "\n",
    "\u0000",
    "\u007f",
    "\u2028",
    "\ufeff",
  ] as const;
  const further = [
    "流量卡",
    "😀",
    "\ud83d",
    "\ude00",
    "e\u0301",
    "\u202e",
    "ﬁ",
    "İ",
    "'; drop table card; --",
    "${7*7}",
    "<b>",
    "&",
    "../",
  ] as const;
  return choices.list(6, () => choices.oneOf(...pieces, ...further)).join("");
}

function oddValue(choices: Choices, depth: number): unknown {
  if (depth > 0 && choices.chance(15)) return choices.list(4, () => oddValue(choices, depth - 1));
  if (depth > 0 && choices.chance(20))
    return Object.fromEntries(choices.list(4, () => [oddText(choices), oddValue(choices, depth - 1)] as const));
  if (choices.chance(60)) return oddText(choices);
  return choices.oneOf<unknown>(0, 1, -1, 1.5, 1e21, 2 ** 53, Number.MAX_SAFE_INTEGER, 5e-324, null, true, false);
}

function withOddNumber(choices: Choices, target: FuzzTarget): string {
  const digits = String(choices.below(10)).repeat(choices.oneOf(1, 2, 15, 16, 17, 20, 309, 4000));
  const number = `${choices.oneOf("", "-", "+")}${digits}${choices.oneOf("", "", ".0", ".5", "e0", "e3", "E+400", "e-400", ".", "e")}`;
  const name = choices.oneOf("timestamp", "serial_no", "client_id", "sign");
  return signed({ ...ownParameters(target), [name]: "#" }, target.clientSecret).replace('"#"', number);
}

function nested(choices: Choices): string {
  const depth = choices.oneOf(1, 2, 10, 100, 1000, 2700, 8000);
  const [open, close] = choices.oneOf(["[", "]"] as const, ['{"a":', "}"] as const, ['[{"a":', "}]"] as const);
  const inner =
    open.repeat(depth) + choices.oneOf("1", "", '"x"') + close.repeat(choices.chance(70) ? depth : depth - 1);
  return choices.chance(50) ? inner : `{"client_id":${inner}}`;
}

/** Some bytes changed, taken out, doubled or put in. */
function mutate(choices: Choices, original: Buffer): Buffer {
  let bytes = original;
  for (let change = choices.below(4); change >= 0; change--) {
    const at = choices.below(bytes.length + 1);
    const length = choices.oneOf(0, 1, 1, 1, 2, 8, 100);
    const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
    const put = choices.oneOf<() => Buffer>(
      () => Buffer.alloc(0),
      () => choices.bytes(cut.length),
      () => choices.bytes(1 + choices.below(4)),
      () => Buffer.concat([cut, cut]),
      () =>
        Buffer.from(
          choices.oneOf(
            '"',
            "\\",
            "{",
            "}",
            ",",
            ":",
            "&",
            "\r\n",
            "\u0000",
            "\ufeff",
            "\\u0000",
            "\\ud800",
            "1e9",
            "-0",
          ),
        ),
    )();
    bytes = Buffer.concat([before, put, after]);
  }
  return bytes;
}

/** A whole request with a method, a path, headers or framing that are unusual or wrong. */
function oddRequest(choices: Choices, body: Buffer): Case {
  const method = choices.oneOf("POST", "POST", "GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "M-SEARCH");
  const target = choices.oneOf(
    path,
    path,
    `${path}?${"a=1&".repeat(choices.below(50))}`,
    "/",
    "/v1",
    `${path}/`,
    "*",
    "//",
    "/%00",
    "/..;/",
    "/__proto__",
    "http://other/v1/member/info",
    `/${"x".repeat(choices.below(8000))}`,
  );
  const contentType = choices.oneOf(
    "application/json",
    "application/json;charset=\u00ff",
    "APPLICATION/JSON ; x",
    "text/plain",
    "application/json-seq",
    "",
    ";",
    "multipart/form-data; boundary=x",
  );
  const headers = [
    `content-type: ${contentType}`,
    ...choices.list(3, () =>
      choices.oneOf(
        "accept-language: en",
        "accept-language: en;q=x,zh;q=9e9,;;,=",
        `accept-language: ${"en,".repeat(choices.below(2000))}`,
        "x-forwarded-for: 1.2.3.4, unknown, ::1",
        "expect: 100-continue-not",
        "content-encoding: gzip",
        "connection: close, upgrade",
        "cookie: \u0001".replace("\u0001", "\t"),
        `x-${"h".repeat(100)}: ${"v".repeat(choices.below(3000))}`,
      ),
    ),
  ];
  if (choices.chance(30)) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < body.length;) {
      const chunk = body.subarray(at, (at += 1 + choices.below(2000)));
      chunks.push(
        Buffer.from(`${chunk.length.toString(16)}${choices.oneOf("", ";x=y")}\r\n`),
        chunk,
        Buffer.from("\r\n"),
      );
    }
    const head = [`${method} ${target} HTTP/1.1`, "host: fuzz", ...headers, "transfer-encoding: chunked", "", ""].join(
      "\r\n",
    );
    return { bytes: Buffer.concat([Buffer.from(head, "latin1"), ...chunks, Buffer.from("0\r\n\r\n")]), whole: true };
  }
  return { bytes: request(body, `${method} ${target} HTTP/1.${choices.oneOf("1", "1", "0")}`, headers), whole: true };
}

const errcodes = new Set<number>([0, ...Object.values(refusals).map(({ errcode }) => errcode)]);
const statuses = new Set([200, 400, 404, 405, 408, 413, 415, 429, 431]);

/** What is wrong with an answer; undefined if nothing is. `seen` marks the request ids by their count. */
function problemWith(answer: RawAnswer, seen: Uint8Array): string | undefined {
  if (!statuses.has(answer.status)) return `status ${answer.status}: ${answer.body}`;
  if (answer.headers["content-type"] !== "application/json; charset=utf-8")
    return `content type ${answer.headers["content-type"]}`;
  let envelope: unknown;
  try {
    envelope = JSON.parse(answer.body);
  } catch {
    return `not JSON: ${answer.body}`;
  }
  if (typeof envelope !== "object" || envelope === null) return `not an envelope: ${answer.body}`;
  const { errcode, errmsg, request_id: requestId, data } = envelope as Record<string, unknown>; // Each is looked at below.
  if (typeof errcode !== "number" || !errcodes.has(errcode)) return `errcode ${String(errcode)}`;
  if (typeof errmsg !== "string" || errmsg === "") return "no errmsg";
  if ((data !== undefined) !== (errcode === 0)) return `data with errcode ${errcode}`;
  const count = typeof requestId === "string" ? parseInt(requestId.split("-")[1] ?? "", 36) : Number.NaN;
  if (!Number.isInteger(count)) return `request_id ${String(requestId)}`;
  if (seen[count % seen.length] === 1) return `request_id ${String(requestId)} a second time`;
  seen[count % seen.length] = 1;
  return undefined;
}

function errcodeOf(answer: RawAnswer): number {
  return Number(/"errcode":(\d+)/.exec(answer.body)?.[1]);
}

/** How long an answer may take before the server is said to hang. */
const hangsAfterMs = 30_000;

/** Sends `count` cases and looks at every answer. */
export async function fuzz(
  target: FuzzTarget,
  { count, seed, first = 0, connections = 16 }: { count: number; seed: number; first?: number; connections?: number },
): Promise<FuzzResult> {
  const answers = new Map<number | "none", number>();
  const failures: string[] = [];
  // Room for the ids of every answer; what is not a whole request may be read as several.
  const seen = new Uint8Array(Math.max(1_000_000, count * 20));
  let next = first;

  function noted(answer: RawAnswer): string | undefined {
    const errcode = errcodeOf(answer);
    answers.set(errcode, (answers.get(errcode) ?? 0) + 1);
    return problemWith(answer, seen);
  }

  async function sendWhole(
    connection: RawConnection,
    bytes: Buffer,
  ): Promise<{ problem: string | undefined; open: boolean }> {
    connection.write(bytes);
    let answer = await connection.answer();
    // What is before the answer to an Expect.
    if (answer.status === 100) answer = await connection.answer();
    return { problem: noted(answer), open: answer.headers["connection"] !== "close" };
  }

  async function sendPart(connection: RawConnection, bytes: Buffer): Promise<string | undefined> {
    connection.socket.end(bytes);
    for (let received = 0; ; received++) {
      let answer: RawAnswer;
      try {
        answer = await connection.answer();
      } catch (error) {
        const left = await connection.closed();
        if (left !== "") return `half an answer: ${String(error)}`;
        if (received === 0) answers.set("none", (answers.get("none") ?? 0) + 1);
        return undefined;
      }
      const problem = answer.status === 100 ? undefined : noted(answer);
      if (problem !== undefined) return problem;
    }
  }

  async function run(until: number): Promise<void> {
    let connection: RawConnection | undefined;
    while (next < until && failures.length < 20) {
      const number = next++;
      const { bytes, whole } = makeCase(new Choices(seed, number), target);
      connection ??= await connectRaw(target.url);
      const { socket } = connection;
      let hung = false;
      const timer = setTimeout(() => {
        hung = true;
        socket.destroy();
      }, hangsAfterMs);
      let problem: string | undefined;
      let open = false;
      try {
        if (whole) ({ problem, open } = await sendWhole(connection, bytes));
        else problem = await sendPart(connection, bytes);
      } catch (error) {
        problem = String(error);
      } finally {
        clearTimeout(timer);
      }
      if (hung) problem = `no answer within ${hangsAfterMs} ms`;
      if (problem !== undefined) failures.push(`case ${number} of seed ${seed}: ${problem}`);
      if (!open) {
        socket.destroy();
        connection = undefined;
      }
    }
    connection?.socket.destroy();
  }

  async function runUntil(until: number): Promise<number> {
    await Promise.all(Array.from({ length: connections }, () => run(until)));
    return collectedHeapBytes();
  }

  const early = await runUntil(first + Math.ceil(count / 5));
  const late = await runUntil(first + count);
  return { answers, failures, heapBytes: [early, late] };
}

/** The heap in use once everything that can go has gone. */
async function collectedHeapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  // A new context has the function whether or not this process was started with the flag.
  const collect: unknown = runInNewContext("gc");
  for (let round = 0; round < 5; round++) {
    if (typeof collect === "function") Reflect.apply(collect, undefined, []);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return process.memoryUsage().heapUsed;
}

/** A heap that has grown by no more than this over the last four fifths has not grown: caches and compiled code settle. */
const heapGrowthBytesMax = 4 * 1024 * 1024;

async function main(): Promise<number> {
  const [count = 100_000, seed = Math.floor(Math.random() * 2 ** 32), first = 0] = process.argv.slice(2).map(Number);
  if (![count, seed, first].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    process.stderr.write("usage: node packages/server/scripts/fuzz.ts [count] [seed] [first]\n");
    return 2;
  }
  process.stderr.write(`seed ${seed}\n`);
  const directory = await mkdtemp(join(tmpdir(), "dks-fuzz-"));
  const embedded = await openEmbedded(directory);
  try {
    const { address: database } = embedded;
    await migrate(database);
    const config = readConfig({
      DKS_DATA_DIR: directory,
      PORT: "0",
      DKS_RATE_PER_SECOND: "1000000",
      // So that every wrong signature is diagnosed.
      DKS_FAILURES_PER_MINUTE: "1000000",
    });
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    const app = await startApp({ config, database, log: createLogger("info", sink) });
    const pool = createPool(database, {
      applicationName: "dks fuzz",
      connectionsMax: 1,
      connectTimeoutMs: 10_000,
      onIdleError: () => {},
    });
    try {
      const accountNo = await insertAccount(pool, { name: "fuzz", rank: 3, balance: "0.00" });
      const clients = createClientService(pool, await loadMasterKeys(config.masterKey, config.dataDir));
      const issued = await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null });
      await pool.query("insert into card (serial_no, carrier, account_no) values ('87000001', 'cmcc', $1)", [
        accountNo,
      ]);
      const target = { ...issued, url: `http://127.0.0.1:${app.address.port}`, serialNo: "87000001" };
      return report(count, seed, await fuzz(target, { count, seed, first }));
    } finally {
      await pool.end();
      await app.stop();
    }
  } finally {
    await embedded.release();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(count: number, seed: number, { answers, failures, heapBytes: [early, late] }: FuzzResult): number {
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  // A short run has not settled when its first fifth is over.
  const grown = count >= 50_000 && late - early > heapGrowthBytesMax;
  const counts = [...answers].sort().map(([errcode, times]) => `${errcode}×${times}`);
  const heap = `heap ${(early / 1_048_576).toFixed(1)} → ${(late / 1_048_576).toFixed(1)} MB`;
  const outcome = failures.length > 0 ? `${failures.length} failed` : grown ? "memory grew" : "all well";
  process.stdout.write(`fuzz: ${count} cases, seed ${seed}: ${outcome}; ${heap}; answers ${counts.join(" ")}\n`);
  return failures.length > 0 || grown ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main();
