import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually } from "../../../test/dks.ts";
import { cardsCsv } from "../../../test/jobs.ts";
import { type JobsServer, startJobsServer } from "../../../test/jobs-server.ts";
import { connectRaw } from "../../../test/raw-http.ts";
import { readWorkbook } from "../../../test/workbook.ts";
import type { Role } from "../staff/staff.ts";

const uploadBytesMax = 8 * 1_048_576;

let database: TestDatabase;
let server: JobsServer;
let operator: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startJobsServer(database, { uploadBytesMax });
  operator = await headersOf("operator");
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

/** What a browser of someone with that role sends. */
async function headersOf(role: Role): Promise<Record<string, string>> {
  return Object.fromEntries((await server.signIn(role)).headers());
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error?: { readonly code: string; readonly message: string } };
}

async function call(path: string, init: RequestInit = {}, headers = operator): Promise<Answer> {
  const response = await fetch(`${server.url}/console/api${path}`, {
    ...init,
    headers: { ...headers, ...(init.body === undefined ? {} : { "content-type": "application/json" }) },
  });
  // The tests that read a member of it fail if it is not there.
  return { status: response.status, body: (await response.json()) as Answer["body"] };
}

function upload(content: string | Buffer, name = "cards.csv", headers = operator): Promise<Answer> {
  const size = Buffer.byteLength(content);
  const query = new URLSearchParams({ kind: "card_import", file_name: name, size: String(size) });
  return call(`/jobs/imports?${query.toString()}`, { method: "POST", body: content }, headers);
}

function settled(jobNo: unknown): Promise<Answer["body"]> {
  return eventually(`job ${String(jobNo)} has ended or asks`, async () => {
    const { body } = await call(`/jobs/${String(jobNo)}`);
    return body["finished_at"] !== null || body["state"] === "checked" ? body : undefined;
  });
}

async function jobCount(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>("select count(*) from job");
  return rows[0]?.count ?? -1;
}

describe("the console's endpoints of jobs", () => {
  it("take a file, show what it would do, and do it when that is confirmed", async () => {
    const uploaded = await upload("serial_no,carrier,iccid\n1001,cmcc,89860426110087000101\n1002,,\n", "卡 12 月.csv");
    expect(uploaded).toMatchObject({ status: 200, body: { file_name: "卡 12 月.csv", created_by: "李雷 (operator)" } });
    const jobNo = String(uploaded.body["job_no"]);
    const checked = await settled(jobNo);
    expect(checked).toMatchObject({ state: "checked", check: { lines: 2, inserted: 1, refused: 1 }, imported: null });
    const confirmation = { version: checked["version"], skip_invalid: true };
    const confirm = { method: "POST", body: JSON.stringify(confirmation) };
    const answers = await Promise.all([
      call(`/jobs/${jobNo}/confirm`, confirm),
      call(`/jobs/${jobNo}/confirm`, confirm),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await settled(jobNo)).toMatchObject({ state: "succeeded", imported: { inserted: 1, refused: 1 } });
    const { body } = await call("/jobs?kind=card_import&state=succeeded,failed&mine=true&limit=1");
    expect(body).toMatchObject({ list: [{ job_no: Number(jobNo) }], more: false });
  });

  it("give a file back under its name and with its length", async () => {
    const { body } = await upload("serial_no,carrier\n1,\n2,cmcc\n", 'a"b\u{1f600}.csv');
    await settled(body["job_no"]);
    const response = await fetch(`${server.url}/console/api/jobs/${String(body["job_no"])}/files/refused`, {
      headers: operator,
    });
    const content = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get("content-length")).toBe(String(content.length));
    expect(response.headers.get("content-disposition")).toBe(
      `attachment; filename*=UTF-8''${encodeURIComponent('a"b\u{1f600}.rejected.csv')}`,
    );
    expect(content.toString()).toContain("carrier is empty");
  });

  it("export, and give the workbook", async () => {
    const { body } = await call("/jobs/exports", {
      method: "POST",
      body: JSON.stringify({ kind: "card_export", filter: { count: 3 }, columns: ["a"], format: "xlsx" }),
    });
    expect(await settled(body["job_no"])).toMatchObject({ state: "succeeded", exported: { rows: 3 } });
    const response = await fetch(`${server.url}/console/api/jobs/${String(body["job_no"])}/files/export`, {
      headers: operator,
    });
    const [sheet] = readWorkbook(Buffer.from(await response.arrayBuffer())).sheets;
    expect(sheet?.rows.map(({ A }) => A)).toEqual(["a", "a1", "a2", "a3"]);
  });

  it("tell a viewer all and let nobody below an operator begin, end or download anything", async () => {
    const viewer = await headersOf("viewer");
    const { body } = await upload(cardsCsv(1, 77_000_001));
    const jobNo = String(body["job_no"]);
    await settled(jobNo);
    expect((await call("/jobs", {}, viewer)).status).toBe(200);
    expect((await call(`/jobs/${jobNo}`, {}, viewer)).status).toBe(200);
    expect((await call("/jobs/imports/kinds", {}, viewer)).body).toMatchObject({ upload_max_bytes: uploadBytesMax });
    const post = { method: "POST", body: JSON.stringify({ version: 4, skip_invalid: false }) };
    for (const answer of [
      await upload(cardsCsv(1), "cards.csv", viewer),
      await call(`/jobs/${jobNo}/confirm`, post, viewer),
      await call(`/jobs/${jobNo}/cancel`, { method: "POST" }, viewer),
      await call(`/jobs/${jobNo}/files/input`, {}, viewer),
    ])
      expect(answer).toMatchObject({ status: 403, body: { error: { code: "role_too_low" } } });
    expect((await settled(jobNo))["state"]).toBe("checked");
  });

  it("answer for a job, a file or a state that there is none of", async () => {
    expect(await call("/jobs/999999")).toMatchObject({ status: 404, body: { error: { code: "missing" } } });
    expect((await call("/jobs/999999/cancel", { method: "POST" })).status).toBe(404);
    expect((await call("/jobs?state=sleeping")).status).toBe(422);
    const { body } = await upload(cardsCsv(1, 77_000_002));
    await settled(body["job_no"]);
    expect((await call(`/jobs/${String(body["job_no"])}/files/export`)).status).toBe(404);
    expect((await call(`/jobs/${String(body["job_no"])}/cancel`, { method: "POST" })).body["state"]).toBe("cancelled");
    expect(await call(`/jobs/${String(body["job_no"])}/cancel`, { method: "POST" })).toMatchObject({
      status: 409,
      body: { error: { message: "The job has been cancelled already." } },
    });
  });
});

describe("an upload by HTTP", () => {
  function head(size: number, contentLength: string): string {
    const { cookie, origin } = operator;
    return [
      `POST /console/api/jobs/imports?kind=card_import&file_name=cards.csv&size=${size} HTTP/1.1`,
      `host: ${new URL(server.url).host}`,
      `origin: ${origin}`,
      `cookie: ${cookie}`,
      "accept-language: en",
      "content-type: application/octet-stream",
      contentLength,
      "\r\n",
    ].join("\r\n");
  }

  /** More than is read of a body that is refused, so that the answer comes at once. */
  const firstOfMany = Buffer.alloc(17 * 1_048_576, "1,cmcc\n");

  it("of 2 GB is refused by its headers, with the limit in the message", async () => {
    const before = await jobCount();
    const connection = await connectRaw(server.url);
    connection.write(head(2_147_483_648, "content-length: 2147483648"));
    connection.write(firstOfMany);
    const answer = await connection.answer();
    expect(answer.status).toBe(413);
    expect(answer.body).toContain("larger than the limit of 8 MB");
    expect(answer.headers["connection"]).toBe("close");
    expect(await jobCount()).toBe(before);
    connection.socket.destroy();
  });

  it("of 2 GB that says it has 10 bytes is refused all the same", async () => {
    const connection = await connectRaw(server.url);
    connection.write(head(10, "content-length: 2147483648"));
    connection.write(firstOfMany);
    expect((await connection.answer()).status).toBe(413);
    connection.socket.destroy();
  });

  it("that tells no length is refused once there is too much of it", async () => {
    const before = await jobCount();
    const connection = await connectRaw(server.url);
    connection.write(head(10, "transfer-encoding: chunked"));
    const chunk = Buffer.alloc(1_048_576, "1,cmcc\n");
    for (let sent = 0; sent < 9; sent++) {
      connection.write(`${chunk.length.toString(16)}\r\n`);
      connection.write(chunk);
      connection.write("\r\n");
    }
    connection.write("0\r\n\r\n");
    const answer = await connection.answer();
    expect(answer.status).toBe(413);
    expect(await jobCount()).toBe(before);
    connection.socket.destroy();
  });

  it("that is cut in the middle leaves nothing", async () => {
    const before = await jobCount();
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.write(head(5_000_000, "content-length: 5000000"));
    socket.write(Buffer.alloc(3_000_000, "1,cmcc\n"));
    await eventually("it is under way", async () => {
      const { rows } = await database.pool.query("select from job_file_chunk where chunk_no = 1");
      const { rows: whole } = await database.pool.query("select from job where state = 'uploading'");
      return rows.length > 0 && whole.length > 0 ? true : undefined;
    });
    socket.destroy();
    await eventually("nothing is left of it", async () => ((await jobCount()) === before ? true : undefined));
    const { rows } = await database.pool.query("select from job_file f where size_bytes is null");
    expect(rows).toEqual([]);
  });

  it("of a workbook is refused before all of it has been sent", async () => {
    const before = await jobCount();
    const connection = await connectRaw(server.url);
    connection.write(head(5_000_000, "content-length: 5000000"));
    await eventually("it is under way", async () => ((await jobCount()) > before ? true : undefined));
    connection.write(Buffer.from("504b0304", "hex"));
    await eventually("nothing is left of it", async () => ((await jobCount()) === before ? true : undefined));
    // What is still on its way is read, so that the sender gets to see the answer.
    connection.write(Buffer.alloc(4_999_996));
    const answer = await connection.answer();
    expect(answer.status).toBe(422);
    expect(answer.body).toContain("is an Excel workbook");
    connection.socket.destroy();
  });

  it("from a page of another site is not even looked at", async () => {
    const answer = await upload(cardsCsv(1), "cards.csv", {
      ...operator,
      origin: "https://elsewhere.example.com",
      "sec-fetch-site": "cross-site",
    });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: "foreign_page" } } });
  });
});
