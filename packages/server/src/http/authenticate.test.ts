import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalString, joinParameters } from "@dakashi/sdk/signature";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../test/server.ts";
import { startWatchedServer } from "../../test/watched-server.ts";
import { systemActor } from "../actor.ts";
import { insertClient, insertSecret } from "../modules/clients/clients.queries.ts";
import { loadMasterKeys } from "../modules/clients/master-key.ts";
import { parseParameters } from "./body.ts";

const by = systemActor("test");
const masterKey = randomBytes(32).toString("base64");
const path = "/v1/member/info";

let now = Date.parse("2026-11-15T04:00:00.500Z");
const seconds = Math.floor(now / 1000);
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startWatchedServer({
    clock: () => now,
    environment: { DKS_MASTER_KEY: masterKey, DKS_FAILURES_PER_MINUTE: "100000", DKS_TRUST_PROXY: "127.0.0.1" },
  });
  client = await server.createClient();
  await server.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
});
afterAll(() => server.close());

function sha1(signed: string): string {
  return createHash("sha1").update(signed).digest("hex").toUpperCase();
}

/** A body signed as the contract says, over whatever its values are printed as. */
function signed(parameters: Readonly<Record<string, unknown>>, secret = client.client_secret): string {
  const sent = Object.entries(parameters).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(sent.map(([name, value]) => [name, String(value)]));
  return JSON.stringify({ ...parameters, sign: sha1(joinParameters(texts) + secret) });
}

/** What the client's own call would carry, with changes; `undefined` leaves a parameter out. */
function own(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { client_id: client.client_id, serial_no: "87000001", timestamp: seconds, ...changes };
}

/** Posts one body in both languages and returns both answers' messages with what else is the same in both. */
async function refusalOf(body: string, headers: Readonly<Record<string, string>> = {}) {
  const zh = await server.post(path, body, headers);
  const en = await server.post(path, body, { ...headers, "accept-language": "en" });
  expect([en.status, en.body.errcode, en.body.hint]).toEqual([zh.status, zh.body.errcode, zh.body.hint]);
  expect(en.body.errmsg).not.toMatch(/\p{Script=Han}/u);
  expect(zh.body.errmsg).toMatch(/\p{Script=Han}/u);
  const { status, body: envelope } = zh;
  return { status, errcode: envelope.errcode, hint: envelope.hint, zh: zh.body.errmsg, en: en.body.errmsg, envelope };
}

describe("a signature", () => {
  interface Vector {
    readonly name: string;
    readonly secret: string;
    readonly params: Readonly<Record<string, string | number>>;
    readonly string: string;
    readonly sign: string;
  }
  // The file's form is held by the tests of the SDK.
  const vectors = JSON.parse(
    readFileSync(new URL("../../../../docs/signature-vectors.json", import.meta.url), "utf8"),
  ) as readonly Vector[];

  test.each(vectors)(
    "of the vector “$name” is made from the body as it is received",
    ({ params, secret, string, sign }) => {
      const joined = joinParameters(parseParameters(Buffer.from(JSON.stringify({ ...params, sign }))));
      expect(joined).toBe(string);
      expect(sha1(joined + secret)).toBe(sign);
    },
  );

  const withClient = vectors.filter(({ params }) => params["client_id"] !== undefined);
  test.each(withClient)("of the vector “$name” is accepted by the server", async ({ params, secret, sign }) => {
    const clientId = String(params["client_id"]);
    const keys = await loadMasterKeys(masterKey, "");
    await insertClientIfMissing(clientId);
    await insertSecret(server.pool, { clientId, ...keys.seal(secret, clientId) });
    await server.clients.setStatus(clientId, { status: "normal" }, by);
    const before = now;
    now = Number(params["timestamp"]) * 1000;
    try {
      const accepted = await server.post(path, JSON.stringify({ ...params, sign }));
      expect([0, 55005, 55030]).toContain(accepted.body.errcode);
      const refused = await server.post(path, JSON.stringify({ ...params, serial_no: "1", sign }));
      expect(refused.body.hint).toBe("sign_mismatch");
    } finally {
      now = before;
    }
  });

  async function insertClientIfMissing(clientId: string): Promise<void> {
    const { rowCount } = await server.pool.query("select from client where client_id = $1", [clientId]);
    if (rowCount === 0)
      await insertClient(server.pool, { clientId, accountNo: client.account_no, allowIps: [], ratePerSecond: null });
  }

  test("counts every parameter sent, those that the operation does not know included", async () => {
    expect((await server.post(path, signed(own({ remark: "流量 +%=😀", zero: 0 })))).body.errcode).toBe(0);
    const { sign } = JSON.parse(signed(own())) as { sign: string }; // Made just above.
    expect((await server.post(path, JSON.stringify({ ...own({ remark: "x" }), sign }))).body.hint).toBe(
      "sign_mismatch",
    );
  });

  test("is the same for a timestamp sent as its digits", async () => {
    expect((await server.post(path, signed(own({ timestamp: String(seconds) })))).body.errcode).toBe(0);
  });

  test("is the same for a card number sent as a JSON number", async () => {
    expect((await server.post(path, signed(own({ serial_no: 87_000_001 })))).body.errcode).toBe(0);
  });

  test("is the same whatever the order, the white space and the escapes of the body", async () => {
    const { sign } = JSON.parse(signed(own())) as { sign: string }; // Made just above.
    const body = `\ufeff {\n "timestamp" : ${seconds},"sign":"${sign}", "serial_no":"\\u00387000001","client_id":"${client.client_id}"}\r\n`;
    expect((await server.post(path, body)).body.errcode).toBe(0);
  });
});

describe("a call is refused that", () => {
  const parameters = (): string => canonicalString(own() as Record<string, string | number>); // own() holds only these.

  test.each<[string, () => string, number, string, string, string]>([
    // client_id
    [
      "has no client_id",
      () => signed(own({ client_id: undefined })),
      55001,
      "client_id_missing",
      "缺少参数 client_id",
      "client_id is missing",
    ],
    [
      "has an empty client_id",
      () => signed(own({ client_id: "" })),
      55001,
      "client_id_missing",
      "缺少参数 client_id",
      "client_id is missing",
    ],
    [
      "has a malformed client_id",
      () => signed(own({ client_id: "IOT123" })),
      55001,
      "client_id_malformed",
      '"IOT123"',
      '"IOT123"',
    ],
    [
      "has a client_id with white space",
      () => signed(own({ client_id: `${client.client_id} ` })),
      55001,
      "client_id_malformed",
      '收到的是 "iot',
      'and is "iot',
    ],
    [
      "has a number for a client_id",
      () => signed(own({ client_id: 10001 })),
      55001,
      "client_id_malformed",
      '"10001"',
      '"10001"',
    ],
    [
      "has the secret for a client_id",
      () => signed(own({ client_id: client.client_secret })),
      55001,
      "client_id_malformed",
      "40 个字符",
      "40 characters",
    ],
    [
      "has an unknown client_id",
      () => signed(own({ client_id: `iot${"0".repeat(20)}` })),
      55001,
      "client_id_unknown",
      "不存在",
      "there is no client iot0",
    ],
    // sign
    ["has no sign", () => JSON.stringify(own()), 55004, "sign_missing", "缺少参数 sign", "sign is missing"],
    [
      "has an empty sign",
      () => JSON.stringify(own({ sign: "" })),
      55004,
      "sign_missing",
      "缺少参数 sign",
      "sign is missing",
    ],
    [
      "has a number for a sign",
      () => JSON.stringify(own({ sign: 12345 })),
      55004,
      "sign_malformed",
      "5 个字符",
      "5 characters",
    ],
    [
      "has its sign in lower case",
      () => JSON.stringify(own({ sign: sha1(parameters() + client.client_secret).toLowerCase() })),
      55004,
      "sign_lower_case",
      "大写",
      "upper case",
    ],
    [
      "has a sign one digit off",
      () =>
        JSON.stringify(
          own({
            sign: sha1(parameters() + client.client_secret).replace(/.$/, (digit) => (digit === "0" ? "1" : "0")),
          }),
        ),
      55004,
      "sign_mismatch",
      "client_secret",
      "Check the secret",
    ],
    [
      "has a sign made with another secret",
      () => signed(own(), "another"),
      55004,
      "sign_mismatch",
      "client_secret",
      "Check the secret",
    ],
    [
      "has a sign with & before the secret",
      () => JSON.stringify(own({ sign: sha1(`${parameters()}&${client.client_secret}`) })),
      55004,
      "sign_ampersand_before_secret",
      "不要加",
      "without",
    ],
    [
      "has a sign with a line break behind the secret",
      () => JSON.stringify(own({ sign: sha1(`${parameters()}${client.client_secret}\n`) })),
      55004,
      "sign_secret_white_space",
      "空白",
      "white space",
    ],
    [
      "has a sign without the secret",
      () => JSON.stringify(own({ sign: sha1(parameters()) })),
      55004,
      "sign_secret_missing",
      "没有加上",
      "not appended",
    ],
    [
      "has a sign with the secret in front",
      () => JSON.stringify(own({ sign: sha1(client.client_secret + parameters()) })),
      55004,
      "sign_secret_first",
      "之后",
      "behind",
    ],
    [
      "has an MD5 for a sign",
      () => JSON.stringify(own({ sign: createHash("md5").update("x").digest("hex") })),
      55004,
      "sign_algorithm",
      "MD5",
      "MD5",
    ],
    [
      "signed seconds and sent milliseconds",
      () => JSON.stringify({ ...own({ timestamp: now }), sign: sha1(parameters() + client.client_secret) }),
      55004,
      "sign_milliseconds",
      "毫秒",
      "milliseconds",
    ],
    [
      "signed without client_id",
      () => JSON.stringify(own({ sign: sha1(parameters().replace(/client_id=[^&]+&/, "") + client.client_secret) })),
      55004,
      "sign_client_id_left_out",
      "漏掉",
      "left out",
    ],
    [
      "signed ×tamp",
      () => JSON.stringify(own({ sign: sha1(parameters().replace("&timestamp", "×tamp") + client.client_secret) })),
      55004,
      "sign_times_entity",
      "×tamp",
      "×tamp",
    ],
    [
      "signed encoded values",
      () =>
        JSON.stringify(
          own({
            remark: "a b",
            sign: sha1(parameters().replace("&serial_no", "&remark=a%20b&serial_no") + client.client_secret),
          }),
        ),
      55004,
      "sign_values_url_encoded",
      "URL 编码",
      "URL-encoded",
    ],
    // timestamp
    [
      "has no timestamp",
      () => signed(own({ timestamp: undefined })),
      55006,
      "timestamp_missing",
      "缺少参数 timestamp",
      "timestamp is missing",
    ],
    [
      "has an empty timestamp",
      () => signed(own({ timestamp: "" })),
      55006,
      "timestamp_missing",
      "缺少参数 timestamp",
      "timestamp is missing",
    ],
    [
      "has a negative timestamp",
      () => signed(own({ timestamp: -seconds })),
      55006,
      "timestamp_malformed",
      `"-${seconds}"`,
      `"-${seconds}"`,
    ],
    [
      "has a date for a timestamp",
      () => signed(own({ timestamp: "2026-11-15 12:00:00" })),
      55006,
      "timestamp_malformed",
      "2026-11-15",
      "2026-11-15",
    ],
    [
      "has a timestamp with a leading zero",
      () => signed(own({ timestamp: `0${seconds}` })),
      55006,
      "timestamp_malformed",
      `"0${seconds}"`,
      `"0${seconds}"`,
    ],
    [
      "has a timestamp with a fraction, as a string",
      () => signed(own({ timestamp: `${seconds}.0` })),
      55006,
      "timestamp_malformed",
      `"${seconds}.0"`,
      `"${seconds}.0"`,
    ],
    [
      "has a timestamp of full-width digits",
      () => signed(own({ timestamp: "１４８７５６０００９" })),
      55006,
      "timestamp_malformed",
      "整数",
      "whole seconds",
    ],
    [
      "is in milliseconds",
      () => signed(own({ timestamp: now })),
      55006,
      "timestamp_milliseconds",
      "除以 1000",
      "divide it by 1000",
    ],
    [
      "is in microseconds",
      () => signed(own({ timestamp: now * 1000 })),
      55006,
      "timestamp_outside_window",
      "相差",
      "ahead of",
    ],
    [
      "is 301 s ahead",
      () => signed(own({ timestamp: seconds + 301 })),
      55006,
      "timestamp_outside_window",
      "相差 301 秒（超前）",
      "301 s ahead",
    ],
    [
      "is 301 s behind",
      () => signed(own({ timestamp: seconds - 301 })),
      55006,
      "timestamp_outside_window",
      "相差 301 秒（落后）",
      "301 s behind",
    ],
    ["is from 1970", () => signed(own({ timestamp: 0 })), 55006, "timestamp_outside_window", "落后", "behind"],
    // parameters
    [
      "has no serial_no",
      () => signed(own({ serial_no: undefined })),
      55030,
      "parameter_missing",
      "缺少参数 serial_no",
      "serial_no is missing",
    ],
    [
      "has an empty serial_no",
      () => signed(own({ serial_no: "" })),
      55030,
      "parameter_malformed",
      "serial_no 为空",
      "serial_no is empty",
    ],
    [
      "has a serial_no with a space",
      () => signed(own({ serial_no: "8700 0001" })),
      55030,
      "parameter_malformed",
      '"8700 0001"',
      '"8700 0001"',
    ],
    ["has a negative serial_no", () => signed(own({ serial_no: -5 })), 55030, "parameter_malformed", '"-5"', '"-5"'],
    [
      "has a serial_no of 33 digits",
      () => signed(own({ serial_no: "1".repeat(33) })),
      55030,
      "parameter_malformed",
      "1 到 32 位",
      "1 to 32 digits",
    ],
    // That no secret is repeated whole is held of every answer when the server is closed.
    [
      "has the secret for a serial_no",
      () => signed(own({ serial_no: client.client_secret })),
      55030,
      "parameter_malformed",
      '…"',
      '…"',
    ],
    [
      "has the secret for a timestamp",
      () => signed(own({ timestamp: client.client_secret })),
      55006,
      "timestamp_malformed",
      '…"',
      '…"',
    ],
    [
      "has a serial_no that is SQL",
      () => signed(own({ serial_no: "' or 1=1 --" })),
      55030,
      "parameter_malformed",
      "serial_no 应为",
      "serial_no must be",
    ],
    [
      "has a line break behind its serial_no",
      () => signed(own({ serial_no: "87000001\n" })),
      55030,
      "parameter_malformed",
      "87000001\\n",
      "87000001\\n",
    ],
    ["names no card", () => signed(own({ serial_no: "99999999" })), 55005, "card_unknown", "99999999", "99999999"],
  ])("%s", async (_name, body, errcode, hint, zh, en) => {
    const refusal = await refusalOf(body());
    expect(refusal).toMatchObject({ status: 200, errcode, hint });
    expect(refusal.zh).toContain(zh);
    expect(refusal.en).toContain(en);
  });

  test.each<[string, string]>([
    ["client_id", "value_type"],
    ["timestamp", "value_type"],
    ["sign", "value_type"],
    ["serial_no", "value_type"],
  ])("has something else than text or an integer for its %s", async (name, hint) => {
    for (const value of [null, true, false, [], {}, ["x"], { a: 1 }]) {
      const refusal = await refusalOf(JSON.stringify(own({ sign: "x", [name]: value })));
      expect(refusal).toMatchObject({ status: 200, errcode: 55030, hint });
      expect(refusal.en).toContain(`the parameter ${name} is `);
      expect(refusal.zh).toContain(`参数 ${name} 是`);
    }
  });

  test.each(["client_id", "timestamp", "sign", "serial_no"])(
    "spells a number for its %s as languages do not agree on",
    async (name) => {
      for (const [spelling, hint] of [
        ["1.5", "not_an_integer"],
        ["1.0", "not_an_integer"],
        ["1e3", "not_an_integer"],
        ["-0", "not_an_integer"],
        ["9007199254740992", "integer_too_large"],
        ["-9007199254740992", "integer_too_large"],
      ]) {
        const body = JSON.stringify(own({ sign: "x", [name]: "#" })).replace('"#"', spelling ?? "");
        const refusal = await refusalOf(body);
        expect(refusal).toMatchObject({ status: 200, errcode: 55030, hint });
        expect(refusal.en).toContain(`the parameter ${name} is `);
        expect(refusal.zh).toContain(`参数 ${name} `);
      }
    },
  );

  test("was signed with any other of the usual mistakes, each under its own hint", async () => {
    const { client_id: clientId, client_secret: secret } = client;
    const sent = { timestamp: seconds, client_id: clientId, empty: "", serial_no: "87000001" };
    const mistakes: Readonly<Record<string, string>> = {
      sign_timestamp_left_out: `client_id=${clientId}&empty=&serial_no=87000001${secret}`,
      sign_included: `client_id=${clientId}&empty=&serial_no=87000001&sign=&timestamp=${seconds}${secret}`,
      sign_not_sorted: `timestamp=${seconds}&client_id=${clientId}&empty=&serial_no=87000001${secret}`,
      sign_empty_left_out: `client_id=${clientId}&serial_no=87000001&timestamp=${seconds}${secret}`,
      sign_without_names: `${clientId}87000001${seconds}${secret}`,
    };
    for (const [hint, joined] of Object.entries(mistakes)) {
      const refusal = await refusalOf(JSON.stringify({ ...sent, sign: sha1(joined) }));
      expect(refusal).toMatchObject({ status: 200, errcode: 55004, hint });
    }
  });

  test("says what the server's time is when the timestamp is the trouble, and only then", async () => {
    expect((await refusalOf(signed(own({ timestamp: seconds - 301 })))).envelope.server_time).toBe(seconds);
    expect((await refusalOf(signed(own({ timestamp: "x" })))).envelope.server_time).toBe(seconds);
    expect((await refusalOf(signed(own(), "wrong"))).envelope).not.toHaveProperty("server_time");
  });
});

test("a timestamp may be off by 300 s either way, to the second", async () => {
  for (const off of [-300, -1, 0, 1, 300])
    expect((await server.post(path, signed(own({ timestamp: seconds + off })))).body.errcode).toBe(0);
});

describe("a suspension", () => {
  test("of the client is told to whoever has its secret, and to no one else", async () => {
    const suspended = await server.createClient();
    await server.clients.setStatus(suspended.client_id, { status: "suspended" }, by);
    const body = { client_id: suspended.client_id, timestamp: seconds };
    const refusal = await refusalOf(signed(body, suspended.client_secret));
    expect(refusal).toMatchObject({ status: 200, errcode: 55002, hint: "client_suspended" });
    expect(refusal.en).toContain(suspended.client_id);
    expect(await refusalOf(signed(body, "another"))).toMatchObject({ errcode: 55004, hint: "sign_mismatch" });
  });

  test("of the account stops all its clients", async () => {
    const one = await server.createClient();
    const other = await server.createClient({ accountNo: one.account_no });
    await server.pool.query("update account set status = 'suspended' where account_no = $1", [one.account_no]);
    for (const each of [one, other]) {
      const refusal = await refusalOf(signed({ client_id: each.client_id, timestamp: seconds }, each.client_secret));
      expect(refusal).toMatchObject({ status: 200, errcode: 55002, hint: "account_suspended" });
      expect(refusal.zh).toContain(one.account_no);
    }
  });
});

describe("a rotated secret", () => {
  test("verifies beside the new one until the overlap is over, and is named afterwards", async () => {
    const rotated = await server.createClient();
    await server.importCards([{ serial_no: "88000001", account_no: rotated.account_no }]);
    const { clientSecret } = await server.clients.rotate(rotated.client_id, { overlapSeconds: 3600 }, by);
    // The end of the overlap is the database's, whose clock is the real one.
    const before = now;
    now = Date.now();
    try {
      const call = (secret: string) =>
        server.memberInfo({ ...rotated, client_secret: secret }, { serial_no: "88000001" });
      expect((await call(rotated.client_secret)).body.errcode).toBe(0);
      expect((await call(clientSecret)).body.errcode).toBe(0);
      expect(server.logged()).toContain("signed with a secret that is being rotated out");
      now += 3_601_000;
      expect((await call(rotated.client_secret)).body).toMatchObject({ errcode: 55004, hint: "sign_old_secret" });
      expect((await call(clientSecret)).body.errcode).toBe(0);
    } finally {
      now = before;
    }
  });

  test("no longer verifies at all after a rotation without overlap", async () => {
    const rotated = await server.createClient();
    await server.clients.rotate(rotated.client_id, { overlapSeconds: 0 }, by);
    const before = now;
    now = Date.now() + 1000;
    try {
      expect((await server.memberInfo(rotated, { serial_no: "88000001" })).body.hint).toBe("sign_old_secret");
    } finally {
      now = before;
    }
  });
});

describe("an allow-list", () => {
  // The test's own address is a trusted proxy here, so that calls can come from anywhere.
  const from = (address: string) => ({ "x-forwarded-for": address });

  test("lets through whom it has, by address and by range, IPv4 and IPv6", async () => {
    const listed = await server.createClient({
      allowIps: ["203.0.113.7", "198.51.100.77/24", "2001:db8::/32", "2001:dead::1"],
    });
    for (const address of ["203.0.113.7", "198.51.100.1", "2001:db8:1::5", "2001:dead::1", "192.0.2.1, 203.0.113.7"]) {
      const answer = await server.memberInfo(listed, { serial_no: "1" }, from(address));
      expect([address, answer.body.hint]).toEqual([address, "card_unknown"]);
    }
  });

  test.each(["203.0.113.8", "198.51.101.1", "2001:db9::1", "2001:dead::2", "203.0.113.7, 192.0.2.1"])(
    "refuses %s and says which address was seen",
    async (address) => {
      const listed = await server.createClient({
        allowIps: ["203.0.113.7", "198.51.100.0/24", "2001:db8::/32", "2001:dead::1"],
      });
      const body = signed({ client_id: listed.client_id, timestamp: seconds }, listed.client_secret);
      const refusal = await refusalOf(body, from(address));
      expect(refusal).toMatchObject({ status: 200, errcode: 55003, hint: "address_not_listed" });
      const seen = address.split(", ").at(-1) ?? "";
      expect(refusal.en).toContain(`came from ${seen};`);
      expect(refusal.zh).toContain(`来自 ${seen}，`);
    },
  );

  test("is not moved by X-Forwarded-For where no proxy is trusted", async () => {
    const direct = await startWatchedServer({ clock: () => now });
    try {
      const listed = await direct.createClient({ allowIps: ["203.0.113.7"] });
      const spoofed = await direct.memberInfo(
        listed,
        { serial_no: "1" },
        { ...from("203.0.113.7"), "accept-language": "en" },
      );
      expect(spoofed.body).toMatchObject({ errcode: 55003, hint: "address_not_listed" });
      expect(spoofed.body.errmsg).toContain("127.0.0.1");
      const local = await direct.createClient({ allowIps: ["127.0.0.0/8"] });
      expect((await direct.memberInfo(local, { serial_no: "1" }, from("203.0.113.7"))).body.hint).toBe("card_unknown");
    } finally {
      await direct.close();
    }
  });
});

describe("a rate limit", () => {
  test("holds for the client and no other, and says when to try again", async () => {
    const limited = await server.createClient({ ratePerSecond: 2 });
    const other = await server.createClient({ ratePerSecond: 2, accountNo: limited.account_no });
    const call = () => server.memberInfo(limited, { serial_no: "1" }, { "accept-language": "en" });
    expect([(await call()).body.hint, (await call()).body.hint]).toEqual(["card_unknown", "card_unknown"]);
    const refused = await call();
    expect(refused).toMatchObject({ status: 429, body: { errcode: 55012, hint: "rate_exceeded" } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.body.errmsg).toContain("may call 2 times a second; try again in 500 ms");
    expect((await server.memberInfo(limited, { serial_no: "1" })).body.errmsg).toContain("请在 500 毫秒后重试");
    expect((await server.memberInfo(other, { serial_no: "1" })).body.hint).toBe("card_unknown");
    now += 500;
    try {
      expect((await call()).body.hint).toBe("card_unknown");
      expect((await call()).status).toBe(429);
    } finally {
      now -= 500;
    }
  });

  test("is not used up by calls that are refused before it", async () => {
    const limited = await server.createClient({ ratePerSecond: 1 });
    const body = { client_id: limited.client_id, timestamp: seconds };
    for (let attempt = 0; attempt < 3; attempt++) {
      await server.post(path, signed(body, "another"));
      await server.post(path, signed({ ...body, timestamp: 1 }, limited.client_secret));
    }
    expect((await server.memberInfo(limited, { serial_no: "1" })).body.hint).toBe("card_unknown");
  });
});

test("failures are limited for each address, and a correctly signed call is never refused for them", async () => {
  const strict = await startWatchedServer({
    clock: () => now,
    environment: { DKS_FAILURES_PER_MINUTE: "3", DKS_TRUST_PROXY: "127.0.0.1" },
  });
  try {
    const caller = await strict.createClient();
    const from = (address: string) => ({ "x-forwarded-for": address, "accept-language": "en" });
    const failures = [
      JSON.stringify({ client_id: `iot${"1".repeat(20)}`, timestamp: seconds }),
      JSON.stringify({ client_id: caller.client_id, timestamp: seconds }),
      signed({ client_id: caller.client_id, timestamp: seconds }, "another"),
    ];
    for (const body of failures) expect((await strict.post(path, body, from("203.0.113.7"))).status).toBe(200);
    for (const body of failures) {
      const answer = await strict.post(path, body, from("203.0.113.7"));
      expect(answer).toMatchObject({ status: 429, body: { errcode: 55012, hint: "failures_too_many" } });
      expect(answer.headers.get("retry-after")).toBe("60");
      expect(answer.body.errmsg).toContain("try again in 60 s; correctly signed calls are not affected");
    }
    const signedCalls = await Promise.all(
      Array.from({ length: 20 }, () => strict.memberInfo(caller, { serial_no: "1" }, from("203.0.113.7"))),
    );
    expect(new Set(signedCalls.map(({ body }) => body.hint))).toEqual(new Set(["card_unknown"]));
    expect((await strict.post(path, failures[0] ?? "", from("203.0.113.8"))).status).toBe(200);
    now += 60_000;
    expect((await strict.post(path, failures[0] ?? "", from("203.0.113.7"))).status).toBe(200);
  } finally {
    now = seconds * 1000 + 500;
    await strict.close();
  }
});

describe("of two things that are wrong the earlier in the contract's order is named:", () => {
  // Each makes a call wrong in one respect; they are independent, so that any two can be combined.
  let guarded: TestClient;
  beforeAll(async () => {
    guarded = await server.createClient({ allowIps: ["203.0.113.7"], ratePerSecond: 1 });
    await server.importCards([{ serial_no: "89000001", account_no: guarded.account_no }]);
  });

  type Fault =
    | "body"
    | "client"
    | "signature"
    | "timestamp"
    | "state"
    | "address"
    | "rate"
    | "parameters"
    | "operation";
  const order: readonly [Fault, number][] = [
    ["body", 55030],
    ["client", 55001],
    ["signature", 55004],
    ["timestamp", 55006],
    ["state", 55002],
    ["address", 55003],
    ["rate", 55012],
    ["parameters", 55030],
    ["operation", 55005],
  ];

  async function callWith(faults: ReadonlySet<Fault>) {
    await server.clients.setStatus(guarded.client_id, { status: faults.has("state") ? "suspended" : "normal" }, by);
    // A second's worth is there again, and taken by a call that is in order.
    now += 10_000;
    const timestamp = Math.floor(now / 1000);
    if (faults.has("rate") && !faults.has("state"))
      await server.memberInfo(guarded, { serial_no: "89000001" }, { "x-forwarded-for": "203.0.113.7" });
    const body = signed(
      {
        client_id: faults.has("client") ? `iot${"2".repeat(20)}` : guarded.client_id,
        timestamp: faults.has("timestamp") ? timestamp - 301 : timestamp,
        serial_no: faults.has("parameters") ? "!" : faults.has("operation") ? "99999999" : "89000001",
      },
      faults.has("signature") ? "another" : guarded.client_secret,
    );
    return server.post(path, faults.has("body") ? body.replace("{", '{"a":null,') : body, {
      "x-forwarded-for": faults.has("address") ? "192.0.2.1" : "203.0.113.7",
    });
  }

  test("nothing, when nothing is wrong", async () => {
    expect((await callWith(new Set())).body.errcode).toBe(0);
  });

  test.each(order)("%s alone is %i", async (fault, errcode) => {
    expect((await callWith(new Set([fault]))).body.errcode).toBe(errcode);
  });

  const pairs = order.flatMap(([earlier, errcode], at) =>
    order.slice(at + 1).map(([later]) => [earlier, later, errcode] as const),
  );
  // A suspended client cannot use up its rate, and a card number cannot be malformed and unknown at once.
  const possible = pairs.filter(
    ([earlier, later]) => !(earlier === "state" && later === "rate") && later !== "operation",
  );
  test.each([...possible, ["address", "operation", 55003], ["rate", "operation", 55012]] as const)(
    "%s before %s",
    async (earlier, later, errcode) => {
      const { body } = await callWith(new Set([earlier, later]));
      expect(body.errcode).toBe(errcode);
      if (earlier === "body") expect(body.hint).toBe("value_type");
    },
  );

  test("state before rate, for a client suspended after it has used up its rate", async () => {
    now += 10_000;
    const call = () => server.memberInfo(guarded, { serial_no: "89000001" }, { "x-forwarded-for": "203.0.113.7" });
    await server.clients.setStatus(guarded.client_id, { status: "normal" }, by);
    expect((await call()).body.errcode).toBe(0);
    expect((await call()).body.errcode).toBe(55012);
    await server.clients.setStatus(guarded.client_id, { status: "suspended" }, by);
    await expect.poll(async () => (await call()).body.errcode).toBe(55002);
  });
});
