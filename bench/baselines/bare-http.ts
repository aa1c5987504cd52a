/**
 * The least a signed call can cost in Node: bare node:http, the same checks, and everything in memory. No database, and
 * so nothing that survives a restart, that can be changed from outside, or that fits two processes.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { iccid, packageMonths, serialNo, totalMb, usedMb } from "../cards.ts";
import { currentMonth, readInventory, ready } from "./baseline.ts";

interface Package {
  firstMonth: number;
  months: number;
  sizeMb: number;
}

interface Card {
  serialNo: string;
  accountNo: number;
  customNo: string;
  iccid: string;
  simStatus: number;
  gprsStatus: number;
  packages: Package[];
  /** In the current month. */
  usedMb: number;
  asOf: string;
}

const inventory = readInventory();
const clients = new Map(inventory.clients.map((client) => [client.clientId, client]));
const cards = new Map<string, Card>();
const asOf = new Date(inventory.usageAsOfSeconds * 1000).toISOString().replace(".000Z", "Z");
for (let index = 0; index < inventory.cardCount; index++)
  cards.set(serialNo(index), {
    serialNo: serialNo(index),
    accountNo: inventory.clients[index % inventory.clients.length]?.accountNo ?? 0,
    customNo: "",
    iccid: iccid(index),
    simStatus: 1,
    gprsStatus: 1,
    packages: [
      {
        firstMonth: currentMonth().number - 2,
        months: packageMonths,
        sizeMb: totalMb(index),
      },
    ],
    usedMb: usedMb(index),
    asOf,
  });

const requestIdPrefix = randomBytes(5).toString("hex");
let requestCount = 0;

const server = http.createServer((request, response) => {
  if (request.url !== "/v1/member/info" || request.method !== "POST") return answer(response, 404, { errcode: 55032 });
  readBody(request, (body) => {
    const requestId = `${requestIdPrefix}-${(++requestCount).toString(36)}`;
    try {
      // What a caller sends is an object of strings and numbers, or fails one of the checks below.
      const parameters = JSON.parse(body) as Record<string, string | number>;
      answer(response, 200, memberInfo(parameters, requestId));
    } catch {
      answer(response, 200, { errcode: 55031, errmsg: "not JSON", request_id: requestId });
    }
  });
});

function memberInfo(parameters: Record<string, string | number>, requestId: string): object {
  const client = clients.get(String(parameters["client_id"]));
  if (client === undefined) return { errcode: 55001, errmsg: "unknown client", request_id: requestId };
  const canonical = Object.keys(parameters)
    .filter((name) => name !== "sign")
    .sort()
    .map((name) => `${name}=${parameters[name]}`)
    .join("&");
  // As text: the fastest way to get a digest out of Node.
  const expected = Buffer.from(hash("sha1", canonical + client.clientSecret).toUpperCase(), "latin1");
  const given = Buffer.from(String(parameters["sign"]), "latin1");
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { errcode: 55004, errmsg: "wrong signature", request_id: requestId };
  if (!(Math.abs(Number(parameters["timestamp"]) - Date.now() / 1000) <= 300))
    return { errcode: 55006, errmsg: "timestamp outside the window", request_id: requestId };
  const card = cards.get(String(parameters["serial_no"]));
  if (card === undefined || card.accountNo !== client.accountNo)
    return { errcode: 55005, errmsg: "unknown card", request_id: requestId };
  const month = currentMonth();
  let total = 0;
  for (const { firstMonth, months, sizeMb } of card.packages)
    if (month.number >= firstMonth && month.number < firstMonth + months) total += sizeMb;
  return {
    errcode: 0,
    errmsg: "success",
    data: {
      total_data_value: String(total),
      used_data_value: String(card.usedMb),
      left_data_value: String(Math.max(0, total - card.usedMb)),
      billing_month: month.text,
      data_as_of: card.asOf,
      serial_no: card.serialNo,
      custom_no: card.customNo,
      iccid_suffix: card.iccid.slice(-10),
      sim_status: String(card.simStatus),
      gprs_status: String(card.gprsStatus),
    },
    request_id: requestId,
  };
}

function readBody(request: IncomingMessage, done: (body: string) => void): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => done(Buffer.concat(chunks).toString("utf8")));
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
  });
  response.end(text);
}

server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => ready(server.address()));
