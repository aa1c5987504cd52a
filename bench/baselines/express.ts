/**
 * The plain way: Express, its body parser, a connection pool, one query for the client and one for the card. What most
 * teams would write first, without anything that slows it down on purpose.
 */
import { hash, timingSafeEqual } from "node:crypto";
import express from "express";
import pg from "pg";
import { currentMonth, ready } from "./baseline.ts";

interface ClientRow {
  account_no: string;
  secret: string;
}

interface CardRow {
  serial_no: string;
  account_no: string;
  custom_no: string | null;
  iccid: string | null;
  sim_status: number;
  gprs_status: number;
  used_bytes: string | null;
  as_of: Date | null;
  packages: { first_month: string; months: number; size_bytes: number }[] | null;
}

const pool = new pg.Pool({ connectionString: process.env["DATABASE_URL"], max: 8 });
const app = express();
app.use(express.json());

let requestCount = 0;

// oxlint-disable-next-line no-async-endpoint-handlers -- Express 5 catches what an async handler throws.
app.post("/v1/member/info", async (request, response) => {
  const requestId = String(++requestCount);
  // What a caller sends is an object of strings and numbers, or fails one of the checks below.
  const parameters = request.body as Record<string, string | number>;
  const refuse = (errcode: number, errmsg: string) => response.json({ errcode, errmsg, request_id: requestId });

  const clients = await pool.query<ClientRow>("select account_no, secret from plain_client where client_id = $1", [
    parameters["client_id"],
  ]);
  const [client] = clients.rows;
  if (client === undefined) return refuse(55001, "unknown client");
  const canonical = Object.keys(parameters)
    .filter((name) => name !== "sign")
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join("&");
  const expected = hash("sha1", canonical + client.secret, "buffer");
  const given = Buffer.from(String(parameters["sign"]), "hex");
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refuse(55004, "wrong signature");
  if (!(Math.abs(Number(parameters["timestamp"]) - Date.now() / 1000) <= 300))
    return refuse(55006, "timestamp outside the window");

  const month = currentMonth();
  const found = await pool.query<CardRow>(
    `select c.serial_no, c.account_no, c.custom_no, c.iccid, c.sim_status, c.gprs_status, u.used_bytes, u.as_of,
      (
        select json_agg(json_build_object('first_month', p.first_month, 'months', p.months, 'size_bytes', p.size_bytes))
        from card_package p
        where p.serial_no = c.serial_no
      ) as packages
    from card c
    left join usage_month u on u.serial_no = c.serial_no and u.month = $3 and u.counts
    where c.serial_no = $1 and c.account_no = $2`,
    [parameters["serial_no"], client.account_no, `${month.text}-01`],
  );
  const [card] = found.rows;
  if (card === undefined) return refuse(55005, "unknown card");
  let totalBytes = 0;
  for (const { first_month, months, size_bytes } of card.packages ?? []) {
    const firstMonth = Number(first_month.slice(0, 4)) * 12 + Number(first_month.slice(5, 7)) - 1;
    if (month.number >= firstMonth && month.number < firstMonth + months) totalBytes += size_bytes;
  }
  const usedBytes = Number(card.used_bytes ?? 0);
  const megabytes = (bytes: number): string => String(Math.round(bytes / 10_485.76) / 100);
  return response.json({
    errcode: 0,
    errmsg: "success",
    data: {
      total_data_value: megabytes(totalBytes),
      used_data_value: megabytes(usedBytes),
      left_data_value: megabytes(Math.max(0, totalBytes - usedBytes)),
      billing_month: month.text,
      data_as_of: card.as_of?.toISOString().replace(/\.\d+Z$/, "Z") ?? null,
      serial_no: card.serial_no,
      custom_no: card.custom_no ?? "",
      iccid_suffix: card.iccid?.slice(-10) ?? "",
      sim_status: String(card.sim_status),
      gprs_status: String(card.gprs_status),
    },
    request_id: requestId,
  });
});

const server = app.listen(0, "127.0.0.1", () => ready(server.address()));
server.keepAliveTimeout = 65_000;
