import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text as readText } from "node:stream/consumers";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectRaw } from "../../../test/raw-http.ts";
import { startSecondServer } from "../../../test/second-server.ts";
import { type TestServer, type WireAnswer, startTestServer } from "../../../test/server.ts";
import { startTcpProxy } from "../../../test/tcp-proxy.ts";
import { expectEnvelope } from "../../../test/watched-server.ts";
import { systemActor } from "../../actor.ts";
import { recordBytesMax } from "./split.ts";

const path = "/ingest/v1/usage";
const now = Date.parse("2026-11-24T12:00:00+08:00");
const cards = Array.from({ length: 500 }, (_, at) => String(87_000_000 + at));

let server: TestServer;
let source: { readonly name: string; readonly token: string };

beforeAll(async () => {
  server = await startTestServer({ clock: () => now });
  const accountNo = await server.createAccount();
  await server.importCards(cards.map((serialNo) => ({ serial_no: serialNo, account_no: accountNo })));
});
beforeEach(async () => {
  source = await server.createSource();
});
afterAll(() => server.close());

/** A right record of the `at`th card, and what differs in it. */
function event(id: string, at = 0, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    specversion: "1.0",
    id,
    source: source.name,
    type: "usage.data.delta",
    subject: cards[at % cards.length],
    data: { start: "2026-11-24T10:00:00+08:00", end: "2026-11-24T10:15:00+08:00", bytes_total: "1000" },
    ...changes,
  };
}

function line(id: string, at = 0): string {
  return `${JSON.stringify(event(id, at))}\n`;
}

interface Data {
  readonly counts: Readonly<Record<string, number>>;
  readonly results: readonly {
    readonly id: string;
    readonly status: string;
    readonly hint?: string;
    reason?: string;
  }[];
}

/** What an answer that is none but the success of the request says of its records. */
function dataOf(answer: WireAnswer): Data {
  expectEnvelope(answer);
  expect(answer.body.errmsg).toBe("success");
  // The tests that read a member of it fail if it is not there.
  return answer.body.data as unknown as Data;
}

async function takeIn(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Data> {
  return dataOf(await server.ingest(source.token, body, headers));
}

/** The results in short: id, and status or hint. */
function told({ results }: Data): string[] {
  return results.map(({ id, status, hint }) => `${id}:${hint ?? status}`);
}

async function takenInCount(name: string): Promise<number> {
  const { rows } = await server.pool.query<{ count: number }>(
    "select count(*) from usage_identity join usage_source using (source_no) where name = $1",
    [name],
  );
  return rows[0]?.count ?? 0;
}

describe("usage records are taken in", () => {
  const json = { "content-type": "application/json" };

  it.each(["application/json", "application/cloudevents+json; charset=utf-8", "Application/CloudEvents-Batch+JSON"])(
    "from an array, as %s",
    async (contentType) => {
      const body = JSON.stringify([event("a"), event("b", 1), event("a")], undefined, 2);
      const data = await takeIn(body, { "content-type": contentType });
      expect(data.counts).toEqual({
        accepted: 2,
        duplicate: 1,
        conflict: 0,
        unknown_card: 0,
        invalid: 0,
        too_old: 0,
        too_new: 0,
      });
      expect(data.results).toEqual([
        { id: "a", status: "accepted" },
        { id: "b", status: "accepted" },
        { id: "a", status: "duplicate" },
      ]);
    },
  );

  it("from a single event", async () => {
    const contentType = "application/cloudevents+json";
    expect(told(await takeIn(JSON.stringify(event("a")), { "content-type": contentType }))).toEqual(["a:accepted"]);
    expect(told(await takeIn(`\uFEFF${JSON.stringify(event("b"))}`, json))).toEqual(["b:accepted"]);
  });

  it.each(["application/x-ndjson", "application/ndjson", "application/jsonl"])("from lines, as %s", async (type) => {
    const body = `${JSON.stringify(event("a"))}\r\n\r\n${JSON.stringify(event("b"))}`;
    expect(told(await takeIn(body, { "content-type": type }))).toEqual(["a:accepted", "b:accepted"]);
  });

  it("from gzip, in one member or several", async () => {
    const gzip = { "content-encoding": "gzip" };
    const body = Buffer.concat([gzipSync(line("a")), gzipSync(line("b"))]);
    expect(told(await takeIn(body, gzip))).toEqual(["a:accepted", "b:accepted"]);
    expect(told(await takeIn(gzipSync(JSON.stringify([event("c")])), { ...gzip, ...json }))).toEqual(["c:accepted"]);
  });

  it("or there are none in an empty array or stream, which is as well; an empty JSON body has one that is missing", async () => {
    expect(told(await takeIn("[]", json))).toEqual([]);
    expect(told(await takeIn("\n"))).toEqual([]);
    expect((await takeIn("", json)).counts["invalid"]).toBe(1);
  });

  it("and each is answered for itself, in the order sent and the caller's language", async () => {
    const body = [
      line("good"),
      "{}\n",
      line("twice"),
      line("twice"),
      `${JSON.stringify(event("unknown", 0, { subject: "99999999" }))}\n`,
      line("last", 1),
    ].join("");
    const zh = await takeIn(body);
    expect(told(zh)).toEqual([
      "good:accepted",
      `:${zh.results[1]?.hint}`,
      "twice:accepted",
      "twice:duplicate",
      `unknown:${zh.results[4]?.hint}`,
      "last:accepted",
    ]);
    expect(zh.counts).toMatchObject({ accepted: 3, duplicate: 1, unknown_card: 1, invalid: 1 });
    const en = await takeIn(body, { "accept-language": "en" });
    for (const at of [1, 4]) {
      expect(zh.results[at]?.reason).toMatch(/\p{Script=Han}/u);
      expect(en.results[at]?.reason).not.toMatch(/\p{Script=Han}/u);
      expect(en.results[at]?.hint).toBe(zh.results[at]?.hint);
    }
  });

  it("although others about them are too large, cut off, wrong in UTF-8 or in their brackets", async () => {
    const tooLarge = JSON.stringify(event("large", 0, { note: "x".repeat(1024 * 1024) }));
    expect(told(await takeIn(`${line("a")}${tooLarge}\n${line("b")}{"id":"c","so`))).toEqual([
      "a:accepted",
      ":record_too_large",
      "b:accepted",
      ":record_cut_off",
    ]);
    const latin1 = Buffer.concat([Buffer.from(`${line("d")}{"id":"`), Buffer.from([0xe9, 0x00]), Buffer.from('"}\n')]);
    expect(told(await takeIn(latin1))).toEqual(["d:accepted", ":utf8_invalid"]);
    const unbalanced = `[${JSON.stringify(event("e"))},${JSON.stringify(event("f"))}},\u0000{]`;
    expect(told(await takeIn(unbalanced, json))).toEqual(["e:accepted", ":body_malformed"]);
    const unclosed = `[${JSON.stringify(event("g"))}`;
    expect(told(await takeIn(unclosed, json))).toEqual(["g:accepted", ":body_malformed"]);
    const { rows } = await server.pool.query<{ content: string }>(
      "select content from usage_quarantine join usage_source using (source_no) where name = $1",
      [source.name],
    );
    expect(rows).toHaveLength(5);
    for (const { content } of rows) expect(content.length).toBeLessThanOrEqual(recordBytesMax);
  });

  it("by the hundred thousand from one request, which is never in memory as a whole", async () => {
    const count = 200_000;
    const beforeBytes = heldBytes();
    let peakBytes = 0;
    // Not by fetch, which holds what it has sent.
    const upload = request(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${source.token}`, "content-type": "application/x-ndjson" },
    });
    const answered = once(upload, "response");
    for (let made = 0; made < count; made += 500) {
      if (made % 20_000 === 0) peakBytes = Math.max(peakBytes, heldBytes());
      const lines = Array.from({ length: 500 }, (_, at) => line(`record-${made + at}`, made + at));
      if (!upload.write(lines.join(""))) await once(upload, "drain");
    }
    upload.end();
    const [response] = (await answered) as [IncomingMessage]; // As the event is documented.
    const text = await readText(response);
    const data = (JSON.parse(text) as { data: Data }).data;
    expect(Number(response.headers["content-length"])).toBe(Buffer.byteLength(text));
    expect(data.counts["accepted"]).toBe(count);
    expect(data.results).toHaveLength(count);
    for (const [at, { id }] of data.results.entries()) if (id !== `record-${at}`) expect.unreachable(`${id} at ${at}`);
    // All records are 50 MB as text and several times that as they are parsed; what is held is two batches of the 40.
    expect(peakBytes - beforeBytes).toBeLessThan(40 * 1024 * 1024);
    expect(await takenInCount(source.name)).toBe(count);
  });

  it("from several requests at once, whose answers are not mixed up", async () => {
    const uploads = Array.from({ length: 12 }, async (_, upload) => {
      const ids = Array.from({ length: 6000 }, (_, at) => `${upload}-${at}`);
      const data = await takeIn(ids.map((id, at) => line(id, upload * 7 + at)).join(""));
      expect(data.counts["accepted"]).toBe(ids.length);
      expect(data.results.map(({ id }) => id)).toEqual(ids);
    });
    await Promise.all(uploads);
  });
});

setFlagsFromString("--expose-gc");
// Typed any, as all that a script may evaluate to.
const collectGarbage = runInNewContext("gc") as () => void;

/** What is in use, without what the collector has not come to yet. */
function heldBytes(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("an upload is refused as a whole", () => {
  /** Sends one upload in both languages, to a server that must say the same in both. */
  async function refusalOf(token: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}) {
    const zh = await server.ingest(token, body, headers);
    const en = await server.ingest(token, body, { ...headers, "accept-language": "en" });
    for (const answer of [zh, en]) expectEnvelope(answer);
    expect([en.status, en.body.errcode, en.body.hint]).toEqual([zh.status, zh.body.errcode, zh.body.hint]);
    expect(zh.body.errmsg).toMatch(/\p{Script=Han}/u);
    expect(en.body.errmsg).not.toMatch(/\p{Script=Han}/u);
    return { status: zh.status, errcode: zh.body.errcode, hint: zh.body.hint, headers: zh.headers };
  }

  it("without a token that a source has", async () => {
    const wrong = await refusalOf(`dus_${"A".repeat(40)}`, line("a"));
    expect(wrong).toMatchObject({ status: 401, errcode: 55040, hint: "token_unknown" });
    expect(wrong.headers.get("www-authenticate")).toBe("Bearer");
    expect(await refusalOf("x", line("a"))).toMatchObject({ status: 401, errcode: 55040, hint: "token_unknown" });
    const missing = await refusalOf("", line("a"), { authorization: "Basic eDp5" });
    expect(missing).toMatchObject({ status: 401, errcode: 55040, hint: "token_missing" });
  });

  it("from a source that is suspended, until it is resumed", async () => {
    await server.sources.change(source.name, { status: "suspended" }, systemActor("test"));
    expect(await refusalOf(source.token, line("a"))).toMatchObject({ status: 403, errcode: 55041 });
    await server.sources.change(source.name, { status: "normal" }, systemActor("test"));
    expect(told(await takeIn(line("a")))).toEqual(["a:accepted"]);
  });

  it("in a content type or encoding that is not taken", async () => {
    const types = { "content-type": "text/csv" };
    const type = await refusalOf(source.token, line("a"), types);
    expect(type).toMatchObject({ status: 415, errcode: 55031, hint: "content_type_wrong" });
    const encoding = await refusalOf(source.token, line("a"), { "content-encoding": "br" });
    expect(encoding).toMatchObject({ status: 415, errcode: 55031, hint: "content_encoding_wrong" });
    expect(encoding.headers.get("accept-encoding")).toBe("gzip");
  });

  it("by another method than POST", async () => {
    const response = await fetch(server.url + path);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await response.json()).toMatchObject({ errcode: 55033, hint: "method_wrong" });
  });

  it("when it is no gzip, not all of it, or more than gzip", async () => {
    const gzip = { "content-encoding": "gzip" };
    const whole = gzipSync(line("a"));
    for (const body of [line("a"), whole.subarray(0, -6), Buffer.concat([whole, Buffer.from("more")]), ""])
      expect(await refusalOf(source.token, body, gzip)).toMatchObject({
        status: 400,
        errcode: 55031,
        hint: "gzip_malformed",
      });
  });

  it("when its gzip unpacks to far more than usage data does", async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    const gzip = { "content-encoding": "gzip" };
    expect(await refusalOf(source.token, bomb, gzip)).toMatchObject({ status: 400, hint: "gzip_bomb" });
    const alike = Array.from({ length: 100_000 }, (_, at) => line(`alike-${at}`)).join("");
    expect(alike.length).toBeGreaterThan(20 * 1024 * 1024);
    expect((await takeIn(gzipSync(alike, { level: 9 }), gzip)).counts["accepted"]).toBe(100_000);
  });

  it("and its connection goes on to be used, when its body was not too large to be read", async () => {
    const connection = await connectRaw(server.url);
    const body = line("a");
    for (const [token, status] of [
      ["wrong", 401],
      [source.token, 200],
      ["wrong", 401],
    ] as const) {
      connection.write(
        `POST ${path} HTTP/1.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/x-ndjson\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      expect((await connection.answer()).status).toBe(status);
    }
    connection.socket.destroy();
  });

  it("while as many are under way as a process takes, and not after", async () => {
    const head = `POST ${path} HTTP/1.1\r\nauthorization: Bearer ${source.token}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n`;
    const held = await Promise.all(
      Array.from({ length: 64 }, async () => {
        const connection = await connectRaw(server.url);
        connection.write(head);
        return connection;
      }),
    );
    let busy: WireAnswer | undefined;
    await expect
      .poll(async () => {
        busy = await server.ingest(source.token, "[]");
        return busy.status;
      })
      .toBe(503);
    expect(busy?.body).toMatchObject({ errcode: 55050, hint: "ingest_busy" });
    expect(busy?.headers.get("retry-after")).toBe("2");
    for (const [at, connection] of held.entries())
      if (at % 2 === 0) connection.write("[]");
      else connection.socket.destroy();
    for (const [at, connection] of held.entries())
      if (at % 2 === 0) expect((await connection.answer()).status).toBe(200);
    await expect.poll(async () => (await server.ingest(source.token, "[]")).status).toBe(200);
    for (const { socket } of held) socket.destroy();
  });
});

describe("an upload that does not get to its end", () => {
  const count = 7000;
  const lines = (): string[] => Array.from({ length: count }, (_, at) => line(`broken-${at}`, at));

  function head(length: number): string {
    return `POST ${path} HTTP/1.1\r\nauthorization: Bearer ${source.token}\r\ncontent-type: application/x-ndjson\r\naccept-language: en\r\ncontent-length: ${length}\r\n\r\n`;
  }

  /** Uploads of this source only: of a test before, one may be noticed late. */
  function brokenOff(): unknown[] {
    return server
      .logged()
      .split("\n")
      .filter((entry) => entry.includes('"upload broken off"'))
      .map((entry): unknown => JSON.parse(entry))
      .filter(
        (entry) => entry !== null && typeof entry === "object" && "source" in entry && entry.source === source.name,
      );
  }

  it("leaves what was written, which is duplicate when all of it is sent again", async () => {
    const body = lines().join("");
    const connection = await connectRaw(server.url);
    connection.write(head(body.length) + body.slice(0, -10));
    await expect.poll(() => takenInCount(source.name)).toBe(5000);
    connection.socket.destroy();
    await expect.poll(brokenOff).toMatchObject([{ path, accepted: 5000 }]);
    const again = await takeIn(body);
    expect(again.counts).toMatchObject({ accepted: count - 5000, duplicate: 5000 });
    expect(told(again).slice(4999, 5001)).toEqual(["broken-4999:duplicate", "broken-5000:accepted"]);
  });

  it("says so when the database goes away, and goes on when it is sent again", async () => {
    const proxy = await startTcpProxy(server.database.address.connectionString);
    const behind = await startSecondServer({
      database: { connectionString: proxy.connectionString },
      clock: () => now,
    });
    try {
      const body = lines().join("");
      const connection = await connectRaw(behind.url);
      connection.write(head(body.length) + body.slice(0, -10));
      await expect.poll(() => takenInCount(source.name)).toBe(5000);
      await proxy.cut();
      connection.write(body.slice(-10));
      const answer = await connection.answer();
      expect(answer.status).toBe(503);
      expect(JSON.parse(answer.body)).toMatchObject({ errcode: 55050, errmsg: expect.stringContaining("duplicate") });
      connection.socket.destroy();
      await proxy.restore();
      expect((await takeIn(body)).counts).toMatchObject({ accepted: count - 5000, duplicate: 5000 });
    } finally {
      await behind.close();
      await proxy.close();
    }
  });
});
