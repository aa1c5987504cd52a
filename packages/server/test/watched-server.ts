import { createHash } from "node:crypto";
import { joinParameters } from "@dakashi/sdk/signature";
import { expect } from "vitest";
import { type TestServer, type TestServerOptions, type WireAnswer, startTestServer } from "./server.ts";

/**
 * A test server that remembers every answer, and when it is closed holds all of them, and everything that was logged,
 * to what is promised of every answer: the envelope, an id of its own, and no secret or signature.
 */
export async function startWatchedServer(options?: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options);
  const answers: string[] = [];
  const secrets = new Set<string>();
  const sent = new Set<string>();

  const post: TestServer["post"] = async (path, body, headers) => {
    sent.add(Buffer.from(body).toString("utf8"));
    const answer = await server.post(path, body, headers);
    answers.push(answer.text);
    expectEnvelope(answer);
    return answer;
  };

  const call: TestServer["call"] = async (path, client, parameters, headers) => {
    const answer = await server.call(path, client, parameters, headers);
    answers.push(answer.text);
    expectEnvelope(answer);
    return answer;
  };

  return {
    ...server,
    post,
    async createClient(client) {
      const created = await server.createClient(client);
      secrets.add(created.client_secret);
      return created;
    },
    call,
    memberInfo: (client, parameters, headers) => call("/v1/member/info", client, parameters, headers),
    async close() {
      try {
        const ids = answers.map((text) => /"request_id":"([^"]+)"/.exec(text)?.[1]);
        expect(new Set(ids).size).toBe(answers.length);
        refuseLeaks([...answers, server.logged()].join("\n"), secrets, sent);
      } finally {
        await server.close();
      }
    },
  };
}

/** What is true of every answer, whatever was asked. */
export function expectEnvelope({ status, headers, body, text }: WireAnswer): void {
  expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(Buffer.byteLength(text)).toBe(Number(headers.get("content-length")));
  expect(body.request_id).toMatch(/^[0-9a-z]{10}-[0-9a-z]+$/);
  expect(body.errmsg).not.toBe("");
  if (body.errcode === 0) {
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(["errcode", "errmsg", "data", "request_id"]);
    expect(body.errmsg).toBe("success");
  } else {
    expect(body).not.toHaveProperty("data");
    expect(body.errcode).toBeGreaterThanOrEqual(50_000);
    expect(Object.keys(body).filter((name) => name !== "hint" && name !== "server_time")).toEqual([
      "errcode",
      "errmsg",
      "doc_url",
      "request_id",
    ]);
    const hint = body.hint === undefined ? "" : `#${body.hint}`;
    expect(body.doc_url).toBe(`/docs/errors/${body.errcode}${hint}`);
  }
}

function refuseLeaks(text: string, secrets: ReadonlySet<string>, sent: ReadonlySet<string>): void {
  const upper = text.toUpperCase();
  for (const secret of secrets) expect(text.includes(secret), "a secret was given away").toBe(false);
  for (const body of sent) {
    const parameters = parametersOf(body);
    if (parameters === undefined) continue;
    const sign = parameters["sign"] ?? "";
    // Shorter ones are words of their own.
    if (sign.length >= 16) expect(upper.includes(sign.toUpperCase()), `the sign ${sign} was repeated`).toBe(false);
    for (const secret of secrets) {
      const expected = createHash("sha1")
        .update(joinParameters(parameters) + secret)
        .digest("hex");
      expect(upper.includes(expected.toUpperCase()), `the expected signature of ${body} was given away`).toBe(false);
    }
  }
}

function parametersOf(body: string): Record<string, string> | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
    return Object.fromEntries(Object.entries(parsed).map(([name, value]) => [name, String(value)]));
  } catch {
    return undefined;
  }
}
