import { expect, test } from "vitest";
import { startTestServer } from "../../test/server.ts";
import { fuzz } from "../../scripts/fuzz.ts";

/** Fixed, so that a failure is the same for whoever runs it next; the script itself takes another one each time. */
const seed = 20_170_301;

test("whatever is sent, the answer is the envelope and never a 5xx", async () => {
  const server = await startTestServer({ environment: { DKS_FAILURES_PER_MINUTE: "1000000" } });
  try {
    const client = await server.createClient();
    await server.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
    const target = {
      url: server.url,
      clientId: client.client_id,
      clientSecret: client.client_secret,
      serialNo: "87000001",
    };
    const { answers, failures } = await fuzz(target, { count: 2_000, seed });
    expect(failures).toEqual([]);
    // Enough of them got all the way, and of the others were refused for each of the usual reasons.
    for (const errcode of [0, 55001, 55004, 55005, 55006, 55030, 55031, 55032, 55033, 55034])
      expect([errcode, (answers.get(errcode) ?? 0) > 0]).toEqual([errcode, true]);
    expect(server.logged()).not.toContain(client.client_secret);
    // And whoever comes next finds the server well.
    expect((await server.memberInfo(client, { serial_no: "87000001" })).body.errcode).toBe(0);
  } finally {
    await server.close();
  }
});
