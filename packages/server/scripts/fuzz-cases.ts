/** What scripts/fuzz.ts sends. */
import { createHash } from "node:crypto";

/** The server to send to, and a client and a card of it, so that some cases get all the way. */
export interface FuzzTarget {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly serialNo: string;
}

const path = "/v1/member/info";

/** A reproducible source of choices: mulberry32, 32 bits of state. */
export class Choices {
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
export interface Case {
  readonly bytes: Buffer;
  readonly whole: boolean;
}

/** The case that these choices make. */
export function makeCase(choices: Choices, target: FuzzTarget): Case {
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
