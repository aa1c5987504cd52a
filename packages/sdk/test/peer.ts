import { createHash } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export const clientId = "iot3355e802d44ay95yeev2";
export const clientSecret = "9f2c4e8a1b7d3f60";

/** A call as the platform sees it. */
interface Received {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingHttpHeaders;
  text: string;
  parameters: Record<string, string | number>;
}

/** How the peer answers one call. */
export type Behaviour = (response: ServerResponse, received: Received) => void;

export interface Peer {
  url: string;
  /** Every call that reached the peer, in order. */
  received: Received[];
}

export const cardData = {
  total_data_value: "10",
  used_data_value: "2.5",
  left_data_value: "7.5",
  billing_month: "2017-02",
  data_as_of: "2017-02-20T03:00:00Z",
  serial_no: "87000001",
  custom_no: "",
  iccid_suffix: "5678901234",
  sim_status: "1",
  gprs_status: "1",
};

/**
 * A platform on loopback that answers the first calls by the given behaviours, in order, and all further ones with a
 * card. It checks every signature by itself first.
 */
export async function startPeer(...behaviours: Behaviour[]): Promise<Peer> {
  const received: Received[] = [];
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    // An IncomingMessage without an encoding yields buffers; its type says any.
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    // The test that looks at a parameter checks it; here it only has to be readable.
    const parameters = JSON.parse(text) as Received["parameters"];
    const call = {
      method: request.method,
      path: request.url,
      headers: request.headers,
      text,
      parameters,
    };
    received.push(call);
    if (signatureOf(parameters) !== parameters["sign"]) return refuse(55004, "wrong signature")(response, call);
    (behaviours.shift() ?? answer(cardData))(response, call);
  }
  const server = createServer((request, response) => void receive(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A listening TCP server has an address that is an object.
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, received };
}

/** The founding document's recipe, written a second time so that the two implementations check each other. */
function signatureOf(parameters: Received["parameters"]): string {
  const pairs = Object.entries(parameters).filter(([name]) => name !== "sign");
  pairs.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const query = pairs.map(([name, value]) => `${name}=${value}`).join("&");
  return createHash("sha1")
    .update(query + clientSecret)
    .digest("hex")
    .toUpperCase();
}

export function answer(data: unknown): Behaviour {
  return (response) => sendJson(response, 200, { errcode: 0, errmsg: "success", data, request_id: "req-1" });
}

export function refuse(
  errcode: number,
  errmsg: string,
  fields: object = {},
  status = 200,
  headers: Record<string, string> = {},
): Behaviour {
  return (response) => sendJson(response, status, { errcode, errmsg, request_id: "req-2", ...fields }, headers);
}

/** Closes the connection in place of an answer. */
export const hangUp: Behaviour = (response) => response.destroy();

/** Leaves the caller waiting. */
export const stall: Behaviour = () => {};

export function page(status: number, html: string, headers: Record<string, string> = {}): Behaviour {
  return (response) => response.writeHead(status, { "Content-Type": "text/html", ...headers }).end(html);
}

/** Refuses a timestamp more than 300 s away from the platform's clock, as the contract says. */
export function keepTime(nowSeconds: () => number): Behaviour {
  return (response, received) => {
    const serverTime = nowSeconds();
    const isInWindow = Math.abs(Number(received.parameters["timestamp"]) - serverTime) <= 300;
    const behave = isInWindow
      ? answer(cardData)
      : refuse(55006, "timestamp outside the window", {
          hint: "timestamp_outside_window",
          server_time: serverTime,
        });
    behave(response, received);
  };
}

function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));
}
