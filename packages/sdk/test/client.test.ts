import { type AddressInfo, createServer } from "node:net";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { buildClient } from "../src/client.ts";
import {
  createClient,
  DakashiConnectionError,
  DakashiError,
  DakashiTimeoutError,
  SignatureInputError,
} from "../src/index.ts";
import { card, clientOf, failureOf } from "./clients.ts";
import {
  type Behaviour,
  answer,
  cardData,
  clientId,
  clientSecret,
  hangUp,
  page,
  refuse,
  stall,
  startPeer,
} from "./peer.ts";

describe("a call", () => {
  test("resolves to the answer's data", async () => {
    const peer = await startPeer();
    await expect(clientOf(peer).memberInfo(card)).resolves.toEqual(cardData);
  });

  test("resolves to data and request id when asked for the response", async () => {
    const peer = await startPeer();
    await expect(clientOf(peer).memberInfo.withResponse(card)).resolves.toEqual({
      data: cardData,
      requestId: "req-1",
      requestNo: undefined,
    });
  });

  test("posts the parameters, the client id, the time in seconds and the signature as JSON", async () => {
    const peer = await startPeer();
    await clientOf(peer, { now: () => 1_487_560_009_999 }).memberInfo(card);
    expect(peer.received).toMatchObject([
      {
        method: "POST",
        path: "/v1/member/info",
        headers: { "content-type": "application/json" },
        parameters: {
          client_id: clientId,
          serial_no: "87000001",
          timestamp: 1_487_560_009,
          sign: "485C49516A7799D6179656BAF681231E86071364",
        },
      },
    ]);
  });

  test("keeps the path of the base URL, with or without a slash after it", async () => {
    const peer = await startPeer();
    await clientOf({ url: `${peer.url}/open` }).memberInfo(card);
    await clientOf({ url: `${peer.url}/open/` }).memberInfo(card);
    expect(peer.received.map(({ path }) => path)).toEqual(["/open/v1/member/info", "/open/v1/member/info"]);
  });

  test.each(["zh", "en"] as const)("asks for messages in %s when told", async (language) => {
    const peer = await startPeer();
    await clientOf(peer, { language }).memberInfo(card);
    expect(peer.received[0]?.headers["accept-language"]).toBe(language);
  });

  test("signs text in any script as it is sent", async () => {
    const peer = await startPeer();
    await clientOf(peer).memberInfo({ serial_no: "流量卡 a b+c%20d=e 😀" });
    expect(peer.received).toHaveLength(1);
  });

  test("sends a card number that is a safe integer as it is given", async () => {
    const peer = await startPeer();
    await clientOf(peer).memberInfo({ serial_no: 87000001 });
    expect(peer.received[0]?.parameters["serial_no"]).toBe(87000001);
  });

  test("goes through the fetch it was given", async () => {
    const peer = await startPeer();
    const urls: unknown[] = [];
    await clientOf(peer, {
      fetch: (input, init) => {
        urls.push(input);
        return fetch(input, init);
      },
    }).memberInfo(card);
    expect(urls).toEqual([`${peer.url}/v1/member/info`]);
  });

  test.each<[string, string, (client: ReturnType<typeof clientOf>) => Promise<unknown>]>([
    ["memberBatchInfo", "/v1/member/batch/info", (client) => client.memberBatchInfo({ serial_nos: "1,2" })],
    ["memberList", "/v1/member/list", (client) => client.memberList()],
    [
      "memberList",
      "/v1/member/list",
      (client) => client.memberList({ page_size: 500, sim_status: "1", cursor: undefined }),
    ],
    [
      "memberUsageDaily",
      "/v1/member/usage/daily",
      (client) => client.memberUsageDaily({ ...card, start_date: "2017-02-01", end_date: "2017-02-28" }),
    ],
    [
      "memberUsageMonth",
      "/v1/member/usage/month",
      (client) => client.memberUsageMonth({ ...card, start_month: "2017-01", end_month: "2017-02" }),
    ],
  ])("of %s goes to %s and resolves to what it is answered", async (_name, path, call) => {
    const data = { list: [] };
    const peer = await startPeer(answer(data));
    await expect(call(clientOf(peer))).resolves.toEqual(data);
    expect(peer.received.map((received) => received.path)).toEqual([path]);
  });

  test("of an operation without required parameters needs none", async () => {
    const peer = await startPeer(answer({ name: "acme" }));
    const operations = { userInfo: { path: "/v1/user/info", write: false } } as const;
    interface Types {
      userInfo: { parameters: { remark?: string }; data: { name: string } };
    }
    const client = buildClient<typeof operations, Types>(operations, {
      baseUrl: peer.url,
      clientId,
      clientSecret,
    });
    await expect(client.userInfo()).resolves.toEqual({ name: "acme" });
  });

  test("does not send parameters that are undefined", async () => {
    const peer = await startPeer();
    // As a caller without a type checker may write `data_update: fresh ? 1 : undefined`.
    const parameters = { ...card, data_update: undefined };
    await clientOf(peer).memberInfo(parameters);
    expect(Object.keys(peer.received[0]?.parameters ?? {})).not.toContain("data_update");
  });
});

describe("parameters that cannot be signed are refused before anything is sent", () => {
  test.each<[string, object, RegExp]>([
    [
      "a card number beyond safe integers",
      { serial_no: Number("89860012345678901234") },
      /^serial_no is .*pass it as a string/,
    ],
    ["a value with &", { serial_no: "1&2" }, /^serial_no contains "&"/],
    ["null", { serial_no: null }, /^serial_no is null/],
    ["a client_id", { ...card, client_id: clientId }, /^client_id is added by the client: leave it out/],
    ["a timestamp", { ...card, timestamp: 1 }, /^timestamp is added by the client/],
    ["a sign", { ...card, sign: "0" }, /^sign is added by the client/],
    ["__proto__", JSON.parse('{"__proto__":"1"}'), /^Parameter name "__proto__"/],
  ])("%s", async (_case, parameters, message) => {
    const peer = await startPeer();
    // Wrong types on purpose, as a caller without a type checker may pass them.
    const error = await failureOf(clientOf(peer).memberInfo(parameters as typeof card));
    expect(error).toBeInstanceOf(SignatureInputError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(peer.received).toHaveLength(0);
  });
});

describe("a refusal", () => {
  test("carries code, message, hint, request id and status", async () => {
    const peer = await startPeer(
      refuse(55004, "签名错误", { hint: "sign_lower_case", doc_url: "/docs/errors/55004#sign_lower_case" }),
    );
    const error = await failureOf(clientOf(peer).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiError);
    expect(error).toMatchObject({
      name: "DakashiError",
      errcode: 55004,
      message: "签名错误",
      hint: "sign_lower_case",
      docUrl: `${peer.url}/docs/errors/55004#sign_lower_case`,
      requestId: "req-2",
      status: 200,
    });
  });

  test("need not have a hint", async () => {
    const peer = await startPeer(refuse(55005, "no such card"));
    await expect(clientOf(peer).memberInfo(card)).rejects.toMatchObject({
      errcode: 55005,
      hint: undefined,
      docUrl: undefined,
    });
  });

  test.each([
    [55032, 404],
    [55033, 405],
    [55034, 413],
    [55031, 415],
    [50000, 500],
  ])("%i is the platform's own answer under HTTP %i too, and is not repeated", async (errcode, status) => {
    const peer = await startPeer(refuse(errcode, "refused", {}, status));
    const error = await failureOf(clientOf(peer).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiError);
    expect(error).toMatchObject({ errcode, status });
    expect(peer.received).toHaveLength(1);
  });
});

describe("an answer that is not the platform's", () => {
  test("is described by status, content type and an excerpt", async () => {
    const peer = await startPeer(page(403, `<html>\n  <title>Blocked by proxy</title>${"x".repeat(5000)}`));
    const error = await failureOf(clientOf(peer).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(error).toMatchObject({ status: 403 });
    expect(String(error)).toContain("HTTP 403, text/html, which is not the platform's answer: \"<html> <title>Blocked");
    expect(String(error).length).toBeLessThan(500);
    expect(peer.received).toHaveLength(1);
  });

  test.each<[string, string]>([
    ["an empty body", ""],
    ["JSON that is not an object", "[]"],
    ["null", "null"],
    ["an object without errcode", '{"message":"ok"}'],
    ["a success without data", '{"errcode":0,"errmsg":"success"}'],
    ["an errcode that is a string", '{"errcode":"0","errmsg":"success","data":{}}'],
  ])("may be %s", async (_case, body) => {
    const peer = await startPeer(page(200, body));
    const error = await failureOf(clientOf(peer).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(error).toMatchObject({ status: 200 });
  });

  test("is not followed where it redirects, but says where to", async () => {
    const elsewhere = await startPeer();
    const peer = await startPeer(page(307, "", { Location: `${elsewhere.url}/v1/member/info` }));
    const error = await failureOf(clientOf(peer).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(String(error)).toContain(`redirects to ${elsewhere.url}/v1/member/info: give the final address as baseUrl`);
    expect(elsewhere.received).toHaveLength(0);
  });
});

describe("a failed connection", () => {
  test("names the address and what happened", async () => {
    const url = await closedUrl();
    const error = await failureOf(clientOf({ url }, { retriesMax: 0 }).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(error).toMatchObject({ status: undefined, cause: expect.any(TypeError) });
    expect(String(error)).toMatch(`No answer from ${url}/v1/member/info: fetch failed`);
    expect(String(error)).toContain("ECONNREFUSED");
  });

  /** An address at which nothing listens. */
  async function closedUrl(): Promise<string> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A listening TCP server has an address that is an object.
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return `http://127.0.0.1:${port}`;
  }
});

describe("a time-out", () => {
  test("ends a call that is not answered", async () => {
    const peer = await startPeer(stall);
    const error = await failureOf(clientOf(peer, { timeoutMs: 50, retriesMax: 0 }).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiTimeoutError);
    expect(error).toBeInstanceOf(DakashiConnectionError);
    expect(String(error)).toBe(`DakashiTimeoutError: No answer from ${peer.url}/v1/member/info within 50 ms.`);
  });

  test("counts the whole answer, not only its beginning", async () => {
    const halfAnAnswer: Behaviour = (response) => response.writeHead(200).write('{"errcode":0,');
    const peer = await startPeer(halfAnAnswer);
    const error = await failureOf(clientOf(peer, { timeoutMs: 50, retriesMax: 0 }).memberInfo(card));
    expect(error).toBeInstanceOf(DakashiTimeoutError);
  });

  test("is repeated like a failed connection, each attempt with a time-out of its own", async () => {
    let attempts = 0;
    const silent: typeof fetch = (_input, init) =>
      new Promise((_resolve, reject) => {
        attempts += 1;
        init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    const client = clientOf({ url: "http://127.0.0.1:9" }, { timeoutMs: 5, fetch: silent });
    expect(await failureOf(client.memberInfo(card))).toBeInstanceOf(DakashiTimeoutError);
    expect(attempts).toBe(3);
  });
});

describe("a caller's signal", () => {
  const reason = new Error("the user left");

  test.each([0, 2])("ends a call in flight with its reason, of %i retries left none follows", async (retriesMax) => {
    const controller = new AbortController();
    const peer = await startPeer(() => controller.abort(reason));
    const call = clientOf(peer, { retriesMax }).memberInfo(card, { signal: controller.signal });
    expect(await failureOf(call)).toBe(reason);
    expect(peer.received).toHaveLength(1);
  });

  test("that has already aborted lets nothing be sent", async () => {
    const peer = await startPeer();
    const call = clientOf(peer).memberInfo(card, { signal: AbortSignal.abort(reason) });
    expect(await failureOf(call)).toBe(reason);
    expect(peer.received).toHaveLength(0);
  });

  // Without its effect on the wait, the signal would be seen only after it, and this test run out of time.
  test("ends the wait before a retry", { timeout: 20_000 }, async () => {
    const controller = new AbortController();
    const peer = await startPeer(refuse(55012, "too often", {}, 429, { "Retry-After": "30" }));
    const client = createClient({
      baseUrl: peer.url,
      clientId,
      clientSecret,
      // Asked for just before the wait begins.
      random: () => {
        setImmediate(() => controller.abort(reason));
        return 0;
      },
    });
    expect(await failureOf(client.memberInfo(card, { signal: controller.signal }))).toBe(reason);
    expect(peer.received).toHaveLength(1);
  });
});

describe("neither the secret nor a signature shows", () => {
  test("in a client", async () => {
    const client = clientOf({ url: "http://127.0.0.1:9" });
    for (const shown of [...printed(client), ...printed(client.memberInfo)]) expect(shown).not.toContain(clientSecret);
  });

  test.each<[string, Behaviour]>([
    ["a proxy's page that prints the request", echo((text) => page(400, `<pre>${text}</pre>`))],
    ["a page that prints it in lower case", echo((text) => page(400, text.toLowerCase()))],
    ["a refusal that prints it", echo((text) => refuse(50000, text))],
    ["a closed connection", hangUp],
    ["a time-out", stall],
  ])("in the error after %s", async (_case, behaviour) => {
    const peer = await startPeer(behaviour);
    const error = await failureOf(clientOf(peer, { retriesMax: 0, timeoutMs: 1000 }).memberInfo(card));
    const sign = String(peer.received[0]?.parameters["sign"]);
    expect(sign).toMatch(/^[0-9A-F]{40}$/);
    for (const shown of printed(error)) {
      expect(shown).not.toContain(clientSecret);
      expect(shown.toUpperCase()).not.toContain(sign);
    }
  });

  function echo(behaviourOf: (text: string) => Behaviour): Behaviour {
    return (response, received) => behaviourOf(received.text)(response, received);
  }

  function printed(value: unknown): string[] {
    const inspected = inspect(value, { depth: null, showHidden: true, getters: true });
    return [inspected, String(value), JSON.stringify(value) ?? ""];
  }
});
