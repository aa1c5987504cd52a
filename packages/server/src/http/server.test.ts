import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RawConnection, connectRaw } from "../../test/raw-http.ts";
import { type TestClient, type TestServer, startTestServer } from "../../test/server.ts";
import { startWatchedServer } from "../../test/watched-server.ts";
import { signParameters } from "@dakashi/sdk/signature";

const path = "/v1/member/info";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startWatchedServer({ environment: { DKS_FAILURES_PER_MINUTE: "100000" } });
  client = await server.createClient();
  await server.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
});
afterAll(() => server.close());

/** A body of the client's own, in order. */
function signedBody(more: Readonly<Record<string, string>> = {}): string {
  const parameters = { client_id: client.client_id, serial_no: "87000001", timestamp: server.now(), ...more };
  return JSON.stringify({ ...parameters, sign: signParameters(parameters, client.client_secret) });
}

function requestText(body: string, head = `POST ${path} HTTP/1.1`, headers: readonly string[] = []): string {
  const lines = [
    head,
    "host: test",
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** A signed body of exactly so many bytes. */
function bodyOfSize(bytes: number): string {
  const filler = bytes - Buffer.byteLength(signedBody({ filler: "" }));
  const body = signedBody({ filler: "x".repeat(filler) });
  expect(Buffer.byteLength(body)).toBe(bytes);
  return body;
}

async function withConnection(use: (connection: RawConnection) => Promise<void>, to = server.url): Promise<void> {
  const connection = await connectRaw(to);
  try {
    await use(connection);
  } finally {
    connection.socket.destroy();
  }
}

/** The envelope of a raw answer; the tests that read a member of it fail if it is not there. */
function envelope(body: string) {
  return JSON.parse(body) as { errcode: number; errmsg: string; hint?: string; doc_url?: string; request_id: string };
}

describe("a body", () => {
  test.each<[string, string | Uint8Array, string, string, string]>([
    ["that is empty", "", "body_empty", "请求体为空", "the body is empty"],
    ["that is no JSON", "hello", "not_json", "不是有效的 JSON", "is not valid JSON"],
    ["that breaks off", '{"client_id":', "not_json", "不是有效的 JSON", "is not valid JSON"],
    ["that is a form", "client_id=x&timestamp=1", "not_json", "表单格式", "form-encoded"],
    ["that is a list", "[]", "not_an_object", "数组", "an array"],
    ["that is a text", '"x"', "not_an_object", "字符串", "a string"],
    ["that is null", "null", "not_an_object", "收到的是 null", "is null"],
    ["that is nested beyond reason", "[".repeat(16_000), "not_json", "不是有效的 JSON", "is not valid JSON"],
    ["that is not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), "not_utf8", "UTF-8", "UTF-8"],
    ["with a control character", '{"a":"\u0001"}', "not_json", "不是有效的 JSON", "is not valid JSON"],
  ])("%s is refused with 55031", async (_name, body, hint, zh, en) => {
    const inChinese = await server.post(path, body);
    expect(inChinese).toMatchObject({ status: 200, body: { errcode: 55031, hint } });
    expect(inChinese.body.errmsg).toContain(zh);
    const inEnglish = await server.post(path, body, { "accept-language": "en-GB,en;q=0.9" });
    expect(inEnglish).toMatchObject({ status: 200, body: { errcode: 55031, hint } });
    expect(inEnglish.body.errmsg).toContain(en);
  });

  test.each<[string, string, string, string, string]>([
    [
      "a name twice",
      '{"client_id":"a","client_id":"b"}',
      "name_repeated",
      "client_id 出现了不止一次",
      "client_id is given more than once",
    ],
    ["__proto__", '{"__proto__":"x"}', "name_malformed", '"__proto__" 不合法', '"__proto__" is malformed'],
    ["null", '{"serial_no":null}', "value_type", "serial_no 是 null，", "serial_no is null:"],
    ["an object", '{"serial_no":{"a":1}}', "value_type", "serial_no 是对象", "serial_no is an object"],
    ["half a character", String.raw`{"serial_no":"\ud83d"}`, "value_surrogate", "代理对", "surrogate"],
    ["an ampersand", '{"serial_no":"1&a=2"}', "value_ampersand", "serial_no 的值含有", 'serial_no contains "&"'],
    [
      "a card number beyond 2^53",
      '{"serial_no":89860012345678901234}',
      "integer_too_large",
      "改用字符串",
      "send it as a string",
    ],
  ])("with %s is refused with 55030", async (_name, body, hint, zh, en) => {
    const inChinese = await server.post(path, body);
    expect(inChinese).toMatchObject({ status: 200, body: { errcode: 55030, hint } });
    expect(inChinese.body.errmsg).toContain(zh);
    expect((await server.post(path, body, { "accept-language": "en" })).body.errmsg).toContain(en);
  });

  test("may have a parameter called constructor, which is signed like any other", async () => {
    expect((await server.post(path, signedBody({ constructor: "x" }))).body.errcode).toBe(0);
  });

  test("may begin with a byte order mark", async () => {
    expect((await server.post(path, `\ufeff${signedBody()}`)).body.errcode).toBe(0);
  });

  test("may have 16 KiB", async () => {
    expect((await server.post(path, bodyOfSize(16 * 1024))).body.errcode).toBe(0);
  });

  test("of 16 KiB and one byte is refused with 413 and 55034", async () => {
    const zh = await server.post(path, bodyOfSize(16 * 1024 + 1));
    expect(zh).toMatchObject({ status: 413, body: { errcode: 55034, hint: "body_too_large" } });
    expect(zh.body.errmsg).toContain("最多 16384 字节");
    const en = await server.post(path, bodyOfSize(16 * 1024 + 1), { "accept-language": "en" });
    expect(en.body.errmsg).toContain("may have 16384 bytes");
  });

  test.each([200_000, 5_000_000])("of %i bytes is answered before the connection is closed", async (size) => {
    const body = JSON.stringify({ a: "x".repeat(size) });
    if (size < 1_000_000) expect((await server.post(path, body)).status).toBe(413);
    // A caller that has not sent everything yet must not be kept waiting for the whole of it.
    await withConnection(async (connection) => {
      connection.write(requestText(body).slice(0, 1000));
      if (size < 1_000_000) connection.write(requestText(body).slice(1000));
      const answer = await connection.answer();
      expect([answer.status, envelope(answer.body).errcode]).toEqual([413, 55034]);
    });
  });

  const chunked = [
    `POST ${path} HTTP/1.1`,
    "host: test",
    "content-type: application/json",
    "transfer-encoding: chunked",
    "",
    "",
  ].join("\r\n");
  const chunk = (data: string): string => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;

  test("may come in chunks, of 16 KiB together", async () => {
    await withConnection(async (connection) => {
      const body = bodyOfSize(16 * 1024);
      connection.write(chunked);
      for (let at = 0; at < body.length; at += 1000) connection.write(chunk(body.slice(at, at + 1000)));
      connection.write("0\r\n\r\n");
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });

  test("that comes in chunks is refused as soon as it is one byte too large", async () => {
    await withConnection(async (connection) => {
      connection.write(chunked + chunk("x".repeat(16 * 1024)));
      connection.write(`${chunk("x")}0\r\n\r\n`);
      const answer = await connection.answer();
      expect(answer.status).toBe(413);
      expect(envelope(answer.body)).toMatchObject({ errcode: 55034, hint: "body_too_large" });
    });
  });

  test("that comes in chunks without end is cut off", async () => {
    await withConnection(async (connection) => {
      connection.write(chunked);
      for (let sent = 0; sent < 200; sent++) connection.write(chunk("x".repeat(10_000)));
      expect((await connection.answer()).status).toBe(413);
      await connection.closed();
    });
  });

  test("may come byte by byte", async () => {
    await withConnection(async (connection) => {
      connection.socket.setNoDelay(true);
      for (const byte of Buffer.from(requestText(signedBody()))) connection.write(Uint8Array.of(byte));
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });
});

describe("the content type", () => {
  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=GBK",
    "Application/JSON ; charset=utf-8",
  ])("may be %s", async (contentType) => {
    expect((await server.post(path, signedBody(), { "content-type": contentType })).body.errcode).toBe(0);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/json"])(
    "may not be %j",
    async (contentType) => {
      const answer = await server.post(path, signedBody(), { "content-type": contentType });
      expect(answer).toMatchObject({ status: 415, body: { errcode: 55031, hint: "content_type_wrong" } });
      expect(answer.body.errmsg).toContain(`应为 application/json，收到的是 ${contentType}`);
      const en = await server.post(path, signedBody(), { "content-type": contentType, "accept-language": "en" });
      expect(en.body.errmsg).toContain(`must be application/json, and is ${contentType}`);
    },
  );

  test.each(["", "content-type:\r\n"])("may not be left out, nor empty: %j", async (line) => {
    await withConnection(async (connection) => {
      connection.write(requestText(signedBody()).replace("content-type: application/json\r\n", line));
      const answer = await connection.answer();
      expect(answer.status).toBe(415);
      expect(envelope(answer.body)).toMatchObject({ errcode: 55031, hint: "content_type_wrong" });
      expect(envelope(answer.body).errmsg).toContain("缺少请求头 Content-Type");
    });
  });
});

describe("the path and the method", () => {
  test.each([
    "/",
    "/v1/member",
    "/v1/member/info/",
    "/V1/member/info",
    "//v1/member/info",
    "/v1/member/%69nfo",
    "/constructor",
    "/__proto__",
  ])("%s is no operation", async (unknown) => {
    const answer = await server.post(unknown, signedBody());
    expect(answer).toMatchObject({ status: 404, body: { errcode: 55032, hint: "operation_unknown" } });
    expect(answer.body.errmsg).toContain(`没有接口 ${unknown}`);
    expect((await server.post(unknown, "", { "accept-language": "en" })).body.errmsg).toContain(
      `there is no ${unknown}`,
    );
  });

  test("a path is not repeated at length", async () => {
    const answer = await server.post(`/${"x".repeat(5000)}`, "");
    expect(answer.status).toBe(404);
    expect(answer.text.length).toBeLessThan(300);
  });

  test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])("%s is refused with 405 and Allow", async (method) => {
    const response = await fetch(server.url + path, { method, headers: { "accept-language": "en" } });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    const { errcode, hint, errmsg } = envelope(await response.text());
    expect([errcode, hint]).toEqual([55033, "method_wrong"]);
    expect(errmsg).toContain(`use POST, not ${method}`);
  });

  test("HEAD is refused without a body", async () => {
    const response = await fetch(server.url + path, { method: "HEAD" });
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([405, "POST", ""]);
  });

  test("a page is to be got", async () => {
    const answer = await server.post("/healthz", "{}");
    expect(answer).toMatchObject({ status: 405, body: { errcode: 55033 } });
    expect(answer.headers.get("allow")).toBe("GET");
  });

  test("a query string is ignored, and no way to say something", async () => {
    expect((await server.post(`${path}?client_id=other&sign=x`, signedBody())).body.errcode).toBe(0);
    expect((await server.post(`${path}?client_id=${client.client_id}`, "{}")).body.hint).toBe("client_id_missing");
    expect((await server.post(`/nowhere?secret=${"k".repeat(20)}`, "{}")).text).not.toContain("kkkk");
  });

  test("the target may be in absolute form, as a proxy and the founding document's sample write it", async () => {
    await withConnection(async (connection) => {
      connection.write(requestText(signedBody(), `POST http://api.example.com${path}?x=1 HTTP/1.1`));
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
      connection.write(requestText(signedBody(), "POST http://api.example.com HTTP/1.1"));
      const root = await connection.answer();
      expect(root.status).toBe(404);
      expect(envelope(root.body).errmsg).toContain("没有接口 /，");
    });
  });
});

describe("an answer", () => {
  test("is in the language that is asked for, Chinese if none is", async () => {
    const languages: [string, "zh" | "en"][] = [
      ["en", "en"],
      ["en-US,en;q=0.9", "en"],
      ["EN", "en"],
      ["de,en;q=0.5", "en"],
      ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
      ["en;q=0.1,zh;q=0.2", "zh"],
      ["en;q=0", "zh"],
      ["fr", "zh"],
      ["*", "zh"],
      ["english?;;=,q", "zh"],
    ];
    for (const [header, language] of languages) {
      const { body } = await server.post(path, "", { "accept-language": header });
      expect([header, body.errmsg.startsWith("wrong request body: ") ? "en" : "zh"]).toEqual([header, language]);
    }
  });

  test("has an id of its own, under which a refusal is in the log", async () => {
    const answer = await server.post(path, "[]");
    expect(server.logged()).toContain(`"request_id":"${answer.body.request_id}"`);
  });

  test("to a refused call leaves the connection open, with the body read", async () => {
    await withConnection(async (connection) => {
      for (const head of ["POST /nowhere HTTP/1.1", `PUT ${path} HTTP/1.1`, `POST ${path} HTTP/1.1`]) {
        // The head first and the body after it, as many clients send them: a connection closed meanwhile is reset.
        const [before = "", after = ""] = requestText("x".repeat(5000), head).split("\r\n\r\n");
        connection.write(`${before.replace("application/json", "text/plain")}\r\n\r\n`);
        connection.write(after);
        expect([404, 405, 415]).toContain((await connection.answer()).status);
      }
      connection.write(requestText(signedBody()));
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });

  test("comes in the order of the calls when several are sent at once", async () => {
    await withConnection(async (connection) => {
      connection.write(
        requestText(signedBody()) +
          requestText("[]") +
          requestText(signedBody()) +
          requestText(signedBody(), "POST /nowhere HTTP/1.1"),
      );
      const answers = [
        await connection.answer(),
        await connection.answer(),
        await connection.answer(),
        await connection.answer(),
      ];
      expect(answers.map(({ body }) => envelope(body).errcode)).toEqual([0, 55031, 0, 55032]);
    });
  });

  test("is given to HTTP/1.0 too", async () => {
    await withConnection(async (connection) => {
      connection.write(requestText(signedBody(), `POST ${path} HTTP/1.0`));
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });

  test("is not held up by an Expect header", async () => {
    await withConnection(async (connection) => {
      connection.write(requestText("", `POST ${path} HTTP/1.1`, ["expect: something"]));
      expect(envelope((await connection.answer()).body).hint).toBe("body_empty");
    });
    await withConnection(async (connection) => {
      const [head = "", body = ""] = requestText(signedBody(), undefined, ["expect: 100-continue"]).split("\r\n\r\n");
      connection.write(`${head}\r\n\r\n`);
      expect((await connection.answer()).status).toBe(100);
      connection.write(body);
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });
});

describe("what is no HTTP is answered with the envelope and a closed connection:", () => {
  const longHeader = `x: ${"y".repeat(20_000)}`;
  test.each<[string, string, number]>([
    ["rubbish", "hello\r\n\r\n", 400],
    ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n", 400],
    ["an unknown method", `BREW ${path} HTTP/1.1\r\nhost: test\r\n\r\n`, 400],
    ["a target that is none", "POST constructor HTTP/1.1\r\nhost: test\r\n\r\n", 400],
    ["a header without a colon", `POST ${path} HTTP/1.1\r\nhost\r\n\r\n`, 400],
    ["two lengths", `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400],
    [
      "a length and chunks",
      `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`,
      400,
    ],
    ["a negative length", `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-length: -1\r\n\r\n`, 400],
    [
      "a chunk of no size",
      `POST ${path} HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n`,
      400,
    ],
    ["headers beyond 16 KiB", `POST ${path} HTTP/1.1\r\nhost: test\r\n${longHeader}\r\n\r\n`, 431],
    ["CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n", 400],
  ])("%s", async (_name, sent, status) => {
    await withConnection(async (connection) => {
      connection.write(Buffer.from(sent, "latin1"));
      const answer = await connection.answer();
      expect(answer.status).toBe(status);
      expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
      const { errcode, errmsg, hint, doc_url, request_id } = envelope(answer.body);
      expect([errcode, hint]).toEqual([55031, "http_malformed"]);
      expect(doc_url).toBe("/docs/errors/55031#http_malformed");
      expect(errmsg).toContain("无效的 HTTP 请求 / not a valid HTTP request");
      expect(request_id).not.toBe("");
      expect(server.logged()).toContain(request_id);
      expect(await connection.closed()).toBe("");
    });
  });

  test("a call without Host is taken as it is", async () => {
    await withConnection(async (connection) => {
      connection.write(requestText(signedBody()).replace("host: test\r\n", ""));
      expect(envelope((await connection.answer()).body).errcode).toBe(0);
    });
  });

  test("a caller that hangs up in the middle disturbs no one", async () => {
    for (const part of [
      "POST",
      requestText(signedBody()).slice(0, 60),
      requestText(signedBody()).slice(0, -5),
      requestText(signedBody()),
    ])
      await withConnection(async (connection) => {
        connection.write(part);
      });
    expect((await server.memberInfo(client, { serial_no: "87000001" })).body.errcode).toBe(0);
  });
});

describe("the probes", () => {
  test.each(["/healthz", "/readyz"])("%s says ok", async (probe) => {
    const response = await fetch(server.url + probe);
    expect([response.status, await response.json()]).toEqual([200, { status: "ok" }]);
    expect((await fetch(server.url + probe, { method: "HEAD" })).status).toBe(200);
  });
});

test("the operations are described at /openapi.json", async () => {
  const response = await fetch(`${server.url}/openapi.json`);
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await response.json()).toBeTypeOf("object");
});

test("a bug of ours is answered with 50000 and nothing of its cause, which is in the log", async () => {
  await server.pool.query("alter table card rename column cycle_day to no_such");
  try {
    const zh = await server.memberInfo(client, { serial_no: "87000001" });
    expect(zh.status).toBe(500);
    expect(zh.body).toEqual({
      errcode: 50000,
      errmsg: "未知异常",
      doc_url: "/docs/errors/50000",
      request_id: zh.body.request_id,
    });
    const en = await server.memberInfo(client, { serial_no: "87000001" }, { "accept-language": "en" });
    expect(en.body.errmsg).toBe("unknown exception");
    const entry =
      server
        .logged()
        .split("\n")
        .find((line) => line.includes(zh.body.request_id)) ?? "";
    expect(entry).toContain("cycle_day does not exist");
    expect(entry).toContain('"level":"error"');
  } finally {
    await server.pool.query("alter table card rename column no_such to cycle_day");
  }
  expect((await server.memberInfo(client, { serial_no: "87000001" })).body.errcode).toBe(0);
});

describe("a stop", () => {
  /** A server whose stop is the test's business, and which still drops its database afterwards. */
  async function startStopping() {
    const stopping = await startTestServer();
    const caller = await stopping.createClient();
    await stopping.importCards([{ serial_no: "87000009", account_no: caller.account_no }]);
    const parameters = { client_id: caller.client_id, serial_no: "87000009", timestamp: stopping.now() };
    const call = requestText(JSON.stringify({ ...parameters, sign: signParameters(parameters, caller.client_secret) }));
    return { stopping, call };
  }

  async function refusesConnections(url: string): Promise<void> {
    const { hostname, port } = new URL(url);
    const attempt = () =>
      new Promise<string>((resolve) => {
        const socket = connectTcp(Number(port), hostname);
        socket.once("connect", () => {
          socket.destroy();
          resolve("connected");
        });
        socket.once("error", () => resolve("refused"));
      });
    await expect.poll(attempt).toBe("refused");
  }

  test("waits for calls under way, answers those that still arrive, and closes each connection with its answer", async () => {
    const { stopping, call } = await startStopping();
    const [slow, half, open, silent] = [
      await connectRaw(stopping.url),
      await connectRaw(stopping.url),
      await connectRaw(stopping.url),
      await connectRaw(stopping.url),
    ];
    open.write(call);
    expect(envelope((await open.answer()).body).errcode).toBe(0);
    // Held up in the database, for as long as the test likes.
    const lock = await stopping.pool.connect();
    await lock.query("begin");
    await lock.query("lock table card in access exclusive mode");
    slow.write(call);
    half.write(call.slice(0, 50));
    await expect
      .poll(async () => (await lock.query("select from pg_locks where not granted")).rowCount, { interval: 10 })
      .toBeGreaterThan(0);

    const stopped = stopping.close();
    await refusesConnections(stopping.url);
    // On a connection that was open before, a call that its sender could not know to be too late.
    open.write(call);
    half.write(call.slice(50));
    await silent.closed();
    await lock.query("rollback");
    lock.release();
    for (const connection of [slow, half, open]) {
      const answer = await connection.answer();
      expect(envelope(answer.body).errcode).toBe(0);
      await connection.closed();
    }
    await stopped;
  });

  test("with nothing under way needs no time-out", async () => {
    const { stopping, call } = await startStopping();
    const idle = await connectRaw(stopping.url);
    idle.write(call);
    await idle.answer();
    await stopping.close();
    expect(await idle.closed()).toBe("");
  });
});

test("an address that is taken is named, with what to do", async () => {
  const blocker = createTcpServer();
  await new Promise<void>((resolve) => blocker.listen(0, "127.0.0.1", resolve));
  const taken = blocker.address();
  const port = typeof taken === "object" && taken !== null ? String(taken.port) : "";
  try {
    await expect(startTestServer({ environment: { PORT: port } })).rejects.toThrow(`Port ${port} is in use.`);
  } finally {
    blocker.close();
  }
});
