import { signParameters } from "@dakashi/sdk/signature";
import { Type } from "typebox";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../../test/server.ts";
import { startWatchedServer } from "../../../test/watched-server.ts";
import { operations } from "../../operations.ts";

let now = Date.parse("2026-11-15T04:00:00.000Z");
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startWatchedServer({ clock: () => now });
  client = await server.createClient();
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { product_no: "base_10", name: "10 MB", data_value: "10", month: 1, level: 1, ...product },
    { product_no: "base_1g_12", name: "1 GB a month", data_value: "1024", month: 12, level: 1, ...product },
    { product_no: "addon_512", name: "512 MB", data_value: "512", month: 1, level: 2, ...product },
    { product_no: "cross_100_3", name: "100 MB for 3 months", data_value: "100", month: 3, level: 3, ...product },
    { product_no: "extra_half", name: "0.5 MB", data_value: "0.5", month: 1, level: 4, ...product },
    { product_no: "odd", name: "a third or so", data_value: "0.33", month: 1, level: 1, ...product },
  ]);
});
afterAll(() => server.close());

/** Imports one card of the client's with packages given as `product first_month`, and returns its number. */
let cardCount = 0;
async function cardWith(
  packages: readonly string[],
  card: Readonly<Record<string, string | number>> = {},
): Promise<string> {
  const serialNo = `C${String(++cardCount).padStart(6, "0")}`;
  await server.importCards([{ serial_no: serialNo, account_no: client.account_no, ...card }]);
  if (packages.length > 0)
    await server.importPackages(
      packages.map((each) => {
        const [productNo = "", firstMonth = ""] = each.split(" ");
        return { serial_no: serialNo, product_no: productNo, first_month: firstMonth };
      }),
    );
  return serialNo;
}

async function info(serialNo: string, caller = client) {
  const { body } = await server.memberInfo(caller, { serial_no: serialNo });
  return body.data ?? { refused: body.hint };
}

async function at<T>(moment: string, ask: () => Promise<T>): Promise<T> {
  const before = now;
  now = Date.parse(moment);
  try {
    return await ask();
  } finally {
    now = before;
  }
}

test("the founding document's example is answered as it was published, with more beside it", async () => {
  await server.importCards([
    { serial_no: "87000001", iccid: "89860012340087000001", account_no: client.account_no, custom_no: "123456" },
  ]);
  await server.importPackages([{ serial_no: "87000001", product_no: "base_10", first_month: "2026-11" }]);
  const { status, body } = await server.memberInfo(client, { serial_no: "87000001" });
  expect(status).toBe(200);
  expect(body).toEqual({
    errcode: 0,
    errmsg: "success",
    data: {
      total_data_value: "10",
      used_data_value: "0",
      left_data_value: "10",
      billing_month: "2026-11",
      data_as_of: null,
      serial_no: "87000001",
      custom_no: "123456",
      iccid_suffix: "0087000001",
      sim_status: "1",
      gprs_status: "1",
    },
    request_id: body.request_id,
  });
});

test("every member of the answer is text, but for what is not known yet", async () => {
  const data = await info(await cardWith([]));
  for (const [name, value] of Object.entries(data)) {
    if (name === "data_as_of") expect(value).toBeNull();
    else expect([name, typeof value]).toEqual([name, "string"]);
  }
  expect(data).toMatchObject({ custom_no: "", iccid_suffix: "", total_data_value: "0" });
});

test.each([0, 1, 2, 3, 4])("the status %i is printed as its digit", async (status) => {
  expect(await info(await cardWith([], { sim_status: status }))).toMatchObject({ sim_status: String(status) });
});

describe("a card is found by", () => {
  beforeAll(async () => {
    await server.importCards([
      { serial_no: "FIND20", iccid: "89860455667788990015", custom_no: "600001", account_no: client.account_no },
      { serial_no: "FIND19", iccid: "8986045566778899123", account_no: client.account_no },
      { serial_no: "FINDHEX", iccid: "898604556677889955AB", account_no: client.account_no },
    ]);
  });

  test.each([
    ["its serial_no", "FIND20", "FIND20"],
    ["its custom number", "600001", "FIND20"],
    ["its ICCID of 20 digits", "89860455667788990015", "FIND20"],
    ["its ICCID without the check digit", "8986045566778899001", "FIND20"],
    ["the last ten digits of its ICCID", "7788990015", "FIND20"],
    ["its ICCID of 19 digits", "8986045566778899123", "FIND19"],
    ["its ICCID with a check digit that is not on file", "89860455667788991230", "FIND19"],
    ["the last ten of 19 digits", "6778899123", "FIND19"],
    ["an ICCID with letters", "898604556677889955AB", "FINDHEX"],
    ["an ICCID with letters in lower case", "898604556677889955ab", "FINDHEX"],
    ["the end of an ICCID with letters", "77889955AB", "FINDHEX"],
  ])("%s", async (_name, given, serialNo) => {
    expect(await info(given)).toMatchObject({ serial_no: serialNo });
  });

  test.each([
    ["the last nine digits", "788990015"],
    ["ten digits from the middle", "6778899001"],
    ["the first 18 digits of the ICCID", "898604556677889900"],
    ["21 digits", "898604556677889900155"],
    ["its serial_no in lower case", "find20"],
  ])("but not by %s", async (_name, given) => {
    expect(await info(given)).toEqual({ refused: "card_unknown" });
  });

  test("a serial_no sent as a JSON number", async () => {
    await server.importCards([{ serial_no: "87000077", account_no: client.account_no }]);
    const { body } = await server.memberInfo(client, { serial_no: 87_000_077 });
    expect(body.data).toMatchObject({ serial_no: "87000077" });
  });
});

describe("of several cards that an identifier may stand for", () => {
  test("the one whose serial_no it is goes before the one whose custom number it is", async () => {
    await server.importCards([
      { serial_no: "700001", account_no: client.account_no },
      { serial_no: "PRE1", custom_no: "700001", account_no: client.account_no },
    ]);
    expect(await info("700001")).toMatchObject({ serial_no: "700001" });
  });

  test("the one whose custom number it is goes before the one whose ICCID ends with it", async () => {
    await server.importCards([
      { serial_no: "PRE2", iccid: "89860400001111222233", account_no: client.account_no },
      { serial_no: "PRE3", custom_no: "1111222233", account_no: client.account_no },
    ]);
    expect(await info("1111222233")).toMatchObject({ serial_no: "PRE3" });
    expect(await info("89860400001111222233")).toMatchObject({ serial_no: "PRE2" });
  });

  test("none is chosen when several ICCIDs of the account end with it", async () => {
    await server.importCards([
      { serial_no: "AMB1", iccid: "89860400005555666677", account_no: client.account_no },
      { serial_no: "AMB2", iccid: "89860400015555666677", account_no: client.account_no },
    ]);
    const zh = await server.memberInfo(client, { serial_no: "5555666677" });
    expect(zh.body).toMatchObject({ errcode: 55005, hint: "card_ambiguous" });
    expect(zh.body.errmsg).toContain("有多张卡的 ICCID 以 5555666677 结尾");
    const en = await server.memberInfo(client, { serial_no: "5555666677" }, { "accept-language": "en" });
    expect(en.body.errmsg).toContain("the ICCIDs of several cards end with 5555666677");
    expect(await info("89860400015555666677")).toMatchObject({ serial_no: "AMB2" });
  });

  test("those of other accounts do not count", async () => {
    const other = await server.createClient();
    await server.importCards([
      { serial_no: "OWN1", iccid: "89860400027777888899", custom_no: "800001", account_no: client.account_no },
      { serial_no: "OTHER1", iccid: "89860400037777888899", custom_no: "800001", account_no: other.account_no },
      { serial_no: "STOCK1", iccid: "89860400047777888899" },
    ]);
    expect(await info("7777888899")).toMatchObject({ serial_no: "OWN1" });
    expect(await info("800001")).toMatchObject({ serial_no: "OWN1" });
    expect(await info("7777888899", other)).toMatchObject({ serial_no: "OTHER1" });
    expect(await info("800001", other)).toMatchObject({ serial_no: "OTHER1" });
  });

  test("the serial_no of another's card does not hide one's own custom number", async () => {
    const other = await server.createClient();
    await server.importCards([
      { serial_no: "900001", account_no: other.account_no },
      { serial_no: "OWN2", custom_no: "900001", account_no: client.account_no },
    ]);
    expect(await info("900001")).toMatchObject({ serial_no: "OWN2" });
    expect(await info("900001", other)).toMatchObject({ serial_no: "900001" });
  });

  test("two on file that differ in the check digit only cannot be", async () => {
    await server.importCards([{ serial_no: "DUP1", iccid: "89860400050000111122", account_no: client.account_no }]);
    await expect(
      server.importCards([{ serial_no: "DUP2", iccid: "89860400050000111129", account_no: client.account_no }]),
    ).rejects.toThrow("refused");
  });
});

describe("another account's card is answered, byte for byte, as one that does not exist:", () => {
  /** A value for each parameter beyond the card's, so that every operation gets as far as looking for it. */
  function parametersFor(operation: (typeof operations)[number], serialNo: string): Record<string, string> {
    const required = Object.entries(operation.parameters.properties).filter(([, schema]) => !Type.IsOptional(schema));
    return Object.fromEntries(
      required.map(([name, schema]) => {
        const [example] = "examples" in schema && Array.isArray(schema.examples) ? (schema.examples as unknown[]) : [];
        return [name, name === "serial_no" ? serialNo : String(example)];
      }),
    );
  }

  const aboutCards = operations.filter(({ parameters }) => "serial_no" in parameters.properties);

  test("there are operations to look at", () => {
    expect(aboutCards.map(({ path }) => path)).toContain("/v1/member/info");
  });

  test.each(aboutCards)("$path", async (operation) => {
    const other = await server.createClient();
    const names = { serial_no: "FOREIGN1", iccid: "89860499990000999911", custom_no: "950001" };
    await server.importCards([
      { ...names, account_no: other.account_no },
      { serial_no: "INSTOCK1", iccid: "89860499990000999922", custom_no: "" },
    ]);
    async function ask(caller: TestClient, identifier: string, language: string): Promise<string> {
      const parameters = {
        client_id: caller.client_id,
        timestamp: server.now(),
        ...parametersFor(operation, identifier),
      };
      const body = JSON.stringify({ ...parameters, sign: signParameters(parameters, caller.client_secret) });
      const { status, headers, text } = await server.post(operation.path, body, { "accept-language": language });
      const shown = [...headers].filter(([name]) => name !== "date" && name !== "content-length");
      return JSON.stringify([status, shown, text.replaceAll(identifier, "X").replace(/"request_id":"[^"]+"/, "")]);
    }
    for (const language of ["zh", "en"]) {
      const missing = await ask(client, "NOSUCH", language);
      expect(missing).toContain("55005");
      for (const identifier of [
        ...Object.values(names),
        "0000999911",
        "8986049999000099991",
        "INSTOCK1",
        "89860499990000999922",
      ])
        expect([identifier, await ask(client, identifier, language)]).toEqual([identifier, missing]);
      // To its owner the card is there.
      expect(await ask(other, names.serial_no, language)).not.toContain("55005");
    }
  });
});

describe("the billing month", () => {
  test.each<[number, string, string]>([
    [1, "2026-10-31T23:59:59.999+08:00", "2026-10"],
    [1, "2026-11-01T00:00:00.000+08:00", "2026-11"],
    [1, "2026-12-31T23:59:59.999+08:00", "2026-12"],
    [1, "2027-01-01T00:00:00.000+08:00", "2027-01"],
    [27, "2026-11-26T23:59:59.999+08:00", "2026-10"],
    [27, "2026-11-27T00:00:00.000+08:00", "2026-11"],
    [27, "2027-01-26T23:59:59.999+08:00", "2026-12"],
    [27, "2027-01-27T00:00:00.000+08:00", "2027-01"],
    [28, "2028-02-29T00:00:00.000+08:00", "2028-02"],
  ])("of a card with cycle day %i is, at %s, %s", async (cycleDay, moment, month) => {
    const serialNo = await cardWith(["base_10 2026-11", "addon_512 2026-12"], { cycle_day: cycleDay });
    const total = month === "2026-11" ? "10" : month === "2026-12" ? "512" : "0";
    expect(await at(moment, () => info(serialNo))).toMatchObject({ billing_month: month, total_data_value: total });
  });

  test("follows the platform's time zone", async () => {
    const elsewhere = await startWatchedServer({
      clock: () => Date.parse("2026-11-01T04:59:59.999Z"),
      environment: { DKS_TIMEZONE: "America/New_York" },
    });
    try {
      const caller = await elsewhere.createClient();
      await elsewhere.importCards([{ serial_no: "1", account_no: caller.account_no }]);
      // Daylight-saving time ends on this day, an hour and a half later: 04:00 UTC was midnight.
      expect((await elsewhere.memberInfo(caller, { serial_no: "1" })).body.data).toMatchObject({
        billing_month: "2026-11",
      });
    } finally {
      await elsewhere.close();
    }
  });
});

describe("the allowance", () => {
  test.each<[string, string[], string, string]>([
    ["is nothing without packages", [], "2026-11", "0"],
    ["is a base package's size", ["base_10 2026-11"], "2026-11", "10"],
    ["is an add-on's size", ["addon_512 2026-11"], "2026-11", "512"],
    ["is a cross-month package's whole size in its first month", ["cross_100_3 2026-11"], "2026-11", "100"],
    [
      "is a cross-month package's whole size in its last month, when nothing was used",
      ["cross_100_3 2026-11"],
      "2027-01",
      "100",
    ],
    ["is an extra package's size, with its fraction", ["extra_half 2026-11"], "2026-11", "0.5"],
    ["is the sum of several", ["base_1g_12 2026-01", "addon_512 2026-11", "extra_half 2026-11"], "2026-11", "1536.5"],
    [
      "counts the same product again for another month only",
      ["addon_512 2026-11", "addon_512 2026-12"],
      "2026-11",
      "512",
    ],
    ["does not count a package that begins next month", ["base_10 2026-12"], "2026-11", "0"],
    ["counts it when that month has come", ["base_10 2026-12"], "2026-12", "10"],
    ["counts a package in its last month", ["base_1g_12 2026-01"], "2026-12", "1024"],
    ["does not count it after that", ["base_1g_12 2026-01"], "2027-01", "0"],
    ["does not count a cross-month package after its term", ["cross_100_3 2026-11"], "2027-02", "0"],
    ["prints hundredths", ["odd 2026-11", "extra_half 2026-11"], "2026-11", "0.83"],
  ])("%s", async (_name, packages, month, total) => {
    const serialNo = await cardWith(packages);
    const data = await at(`${month}-15T12:00:00+08:00`, () => info(serialNo));
    expect(data).toMatchObject({ total_data_value: total, billing_month: month });
    expect(Number(data["used_data_value"]) + Number(data["left_data_value"])).toBeCloseTo(Number(total), 9);
  });

  test("is as it is now, never as it was a moment ago", async () => {
    const serialNo = await cardWith(["base_10 2026-11"]);
    expect(await info(serialNo)).toMatchObject({ total_data_value: "10" });
    await server.importPackages([{ serial_no: serialNo, product_no: "addon_512", first_month: "2026-11" }]);
    expect(await info(serialNo)).toMatchObject({ total_data_value: "522" });
    await server.pool.query("delete from card_package where serial_no = $1", [serialNo]);
    expect(await info(serialNo)).toMatchObject({ total_data_value: "0" });
  });

  test("does not change with the product after the package was ordered", async () => {
    const serialNo = await cardWith(["base_10 2026-11"]);
    await server.pool.query("update product set size_bytes = 1, level = 3 where product_no = 'base_10'");
    try {
      expect(await info(serialNo)).toMatchObject({ total_data_value: "10" });
    } finally {
      await server.pool.query("update product set size_bytes = 10485760, level = 1 where product_no = 'base_10'");
    }
  });
});

test("many calls at once each get their own card's answer", async () => {
  const other = await server.createClient();
  const cards = Array.from({ length: 200 }, (_, number) => ({
    serial_no: `MANY${number}`,
    custom_no: String(400_000 + number),
    account_no: number % 2 === 0 ? client.account_no : other.account_no,
  }));
  await server.importCards(cards);
  const answers = await Promise.all(
    cards.flatMap((card) =>
      [client, other].map(async (caller) => {
        const identifier = caller === client ? card.serial_no : card.custom_no;
        const { body } = await server.memberInfo(caller, { serial_no: identifier });
        return { card, caller, body };
      }),
    ),
  );
  for (const { card, caller, body } of answers)
    if (card.account_no === caller.account_no) expect(body.data).toMatchObject({ serial_no: card.serial_no });
    else expect(body).toMatchObject({ errcode: 55005, hint: "card_unknown" });
});
