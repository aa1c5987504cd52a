import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { joinParameters, signParameters } from "@dakashi/sdk/signature";
import { loggedCall, loggedCalls, wholeDatabase } from "../../../test/call-log.ts";
import { connectRaw } from "../../../test/raw-http.ts";
import { type TestClient, type TestServer, startTestServer } from "../../../test/server.ts";
import type { CallRow } from "./calls.queries.ts";
import { parseParameters } from "../../http/body.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer({ environment: { DKS_FAILURES_PER_MINUTE: "100000" } });
  client = await server.createClient();
  await server.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
});
afterAll(() => server.close());

const unanswered = { http_status: null, errcode: 55031, detail_en: expect.stringContaining("hung up") };
const agent = { "user-agent": "acme-device/2.4" };

describe("a call's entry", () => {
  it("says who called what, when, from where, with what, and how it ended", async () => {
    const before = Date.now();
    const { body } = await server.memberInfo(client, { serial_no: "87000001" }, agent);
    const row = await loggedCall(server.pool, body.request_id);
    expect(row).toMatchObject({
      client_id: client.client_id,
      account_no: Number(client.account_no),
      operation: "/v1/member/info",
      errcode: 0,
      hint: null,
      http_status: 200,
      address: "127.0.0.1",
      user_agent: "acme-device/2.4",
      detail_zh: null,
      detail_en: null,
    });
    expect(JSON.parse(row.parameters ?? "")).toEqual({ timestamp: expect.any(String), serial_no: "87000001" });
    expect(row.at_ms).toBeGreaterThanOrEqual(before);
    expect(row.at_ms).toBeLessThanOrEqual(Date.now());
    expect(row.duration_us).toBeGreaterThan(0);
  });

  it.each<[string, number, string, () => Promise<{ body: { request_id: string } }>]>([
    [
      "an unknown client",
      55001,
      "client_id_unknown",
      () => server.memberInfo({ ...client, client_id: `iot${"z".repeat(20)}` }, {}),
    ],
    ["no client", 55001, "client_id_missing", () => server.post("/v1/member/info", "{}")],
    [
      "a wrong signature",
      55004,
      "sign_mismatch",
      () => server.memberInfo(client, { sign: "A".repeat(40), serial_no: "1" }),
    ],
    [
      "an old timestamp",
      55006,
      "timestamp_outside_window",
      () => server.memberInfo(client, { timestamp: 1_500_000_000, serial_no: "1" }),
    ],
    ["another's card", 55005, "card_unknown", () => server.memberInfo(client, { serial_no: "99999999" })],
    ["a missing parameter", 55030, "parameter_missing", () => server.memberInfo(client, {})],
    ["a body that is no JSON", 55031, "not_json", () => server.post("/v1/member/info", "{oops")],
    [
      "another content type",
      55031,
      "content_type_wrong",
      () => server.post("/v1/member/info", "a=1", { "content-type": "text/plain" }),
    ],
    ["an unknown operation", 55032, "operation_unknown", () => server.post("/v1/member/inof", "{}")],
    [
      "a body that is too large",
      55034,
      "body_too_large",
      () => server.post("/v1/member/info", `{"a":"${"x".repeat(20_000)}"}`),
    ],
    ["an unknown token", 55040, "token_unknown", () => server.ingest("nobody", "{}")],
  ])("of %s has the diagnosis in both languages", async (_name, errcode, hint, make) => {
    const { body } = await make();
    const row = await loggedCall(server.pool, body.request_id);
    expect(row).toMatchObject({ errcode, address: "127.0.0.1" });
    // Not every refusal has words of its own beyond the code's.
    expect([hint, null]).toContain(row.hint);
    if (row.hint !== null) {
      expect(row.detail_zh).toMatch(/[\u4E00-\u9FFF]/);
      expect(row.detail_en).toMatch(/[a-z]/);
    }
  });

  it("is there of what is not even HTTP", async () => {
    const connection = await connectRaw(server.url);
    connection.write("NONSENSE\r\n\r\n");
    const answer = await connection.answer();
    const row = await loggedCall(server.pool, String(JSON.parse(answer.body).request_id));
    expect(row).toMatchObject({
      operation: "",
      errcode: 55031,
      hint: "http_malformed",
      http_status: 400,
      address: "127.0.0.1",
    });
  });

  it("is there of a caller who hangs up within the body, unanswered", async () => {
    const connection = await connectRaw(server.url);
    connection.write(
      "POST /v1/member/info HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{",
    );
    expect(await loggedHangUp(() => connection.socket.destroy(), "call_broken_off")).toMatchObject(unanswered);
  });

  it("is there of an upload that breaks off", async () => {
    const { token } = await server.createSource();
    const connection = await connectRaw(server.url);
    connection.write(
      `POST /ingest/v1/usage HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{`,
    );
    expect(await loggedHangUp(() => connection.socket.destroy(), "upload_broken_off")).toMatchObject(unanswered);
  });

  it("is there of an upload, with what became of its records", async () => {
    const { token } = await server.createSource({ name: "onelink" });
    const { body } = await server.ingest(token, '{"id":"1"}\n');
    const row = await loggedCall(server.pool, body.request_id);
    expect(row).toMatchObject({ operation: "/ingest/v1/usage", errcode: 0, http_status: 200 });
    expect(JSON.parse(row.parameters ?? "")).toMatchObject({ source: "onelink" });
  });

  /** Waits until the server has seen the connection before it is broken: what has not arrived is no call. */
  async function loggedHangUp(hangUp: () => void, hint: string): Promise<CallRow | undefined> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    hangUp();
    const [row] = await loggedCalls(server.pool, 1, `hint = '${hint}'`);
    return row;
  }

  it("holds what a hostile caller sends as the text it is, and every call of the batch", async () => {
    const hostile = "\u0000\t\\N\\.\n\r';drop table card;--\u{1F4A9}<script>\u202E";
    const { body } = await server.memberInfo(client, { serial_no: hostile, note: hostile });
    const malformed = await server.post("/v1/member/info", JSON.stringify({ [hostile]: hostile, client_id: hostile }));
    const client2 = await server.post("/v1/member/info", JSON.stringify({ client_id: hostile, serial_no: "1" }));
    for (const { request_id } of [body, malformed.body, client2.body])
      expect((await loggedCall(server.pool, request_id)).parameters ?? "").not.toContain("drop table");
  });
});

describe("the secret", () => {
  it("is nowhere in the database or the log, wherever a caller puts it", async () => {
    const { client_id: clientId, client_secret: secret } = client;
    const groups = secret.match(/.{8}/g)?.join("-") ?? "";
    const [half, otherHalf] = [secret.slice(0, 20), secret.slice(20)];
    const parameters = { client_id: clientId, timestamp: String(server.now()), serial_no: "87000001" };
    const expected = signParameters(parameters, secret);
    const send = (body: object, headers: Record<string, string> = {}, path = "/v1/member/info") =>
      server.post(path, JSON.stringify(body), headers);
    const forms = [
      secret,
      secret.toUpperCase(),
      groups,
      `${half} ${otherHalf}`,
      ` ${secret} `,
      `"${secret}"`,
      expected,
      expected.toLowerCase(),
    ];
    const answers = [];
    for (const form of forms) {
      for (const known of [parameters, { ...parameters, client_id: undefined }])
        for (const name of ["client_id", "timestamp", "sign", "serial_no", "serial_nos", "cursor", "note"]) {
          answers.push(await send({ ...known, [name]: form }));
          answers.push(await send({ ...known, [name]: form }, {}, "/v1/member/list"));
        }
      answers.push(
        await send(parameters, { "user-agent": form, "x-secret": form, "accept-language": form }),
        await send(parameters, { "content-type": form }),
        await send({ ...parameters, [form]: "1" }),
        await server.memberInfo(client, { serial_no: "87000001", note: form }, { "user-agent": form }),
        await server.memberInfo(client, { serial_no: form }),
        await send(parameters, {}, `/${encodeURIComponent(form)}?secret=${encodeURIComponent(form)}`),
        await send(parameters, {}, `/v1/member/info/${encodeURIComponent(form)}`),
        await server.ingest(form.trim(), "{}"),
      );
    }
    answers.push(await send({ ...parameters, [half]: otherHalf }), await server.post("/v1/member/info", secret));
    answers.push(
      await send({
        ...parameters,
        sign: sha1(`${joinParameters(parseParameters(Buffer.from(JSON.stringify(parameters))))}&${secret}`),
      }),
    );
    const last = answers.at(-1)?.body.request_id ?? "";
    await loggedCall(server.pool, last);
    await loggedCalls(server.pool, answers.length);

    const held = [await wholeDatabase(server.pool), server.logged()];
    for (const text of held) {
      const joined = text.replaceAll(/[^0-9A-Za-z]/g, "").toLowerCase();
      expect(text.length).toBeGreaterThan(10_000);
      expect(around(text, joined, secret)).toEqual([]);
      expect(joined.includes(expected.toLowerCase())).toBe(false);
      // Half of one would leave the other half to be guessed.
      for (let at = 0; at + 16 <= secret.length; at++)
        expect(text.toLowerCase().includes(secret.slice(at, at + 16))).toBe(false);
    }
  });
});

/** The lines that a secret stands in, in groups or not. */
function around(text: string, joined: string, secret: string): string[] {
  if (!joined.includes(secret)) return [];
  const lines = text.split("\n").filter((line) =>
    line
      .replaceAll(/[^0-9A-Za-z]/g, "")
      .toLowerCase()
      .includes(secret),
  );
  return lines.length === 0 ? ["over several lines"] : lines;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex").toUpperCase();
}
