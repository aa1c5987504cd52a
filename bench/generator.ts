/**
 * The load generator: a process of its own, so that its work is in nobody's CPU time. Keeps a number of connections
 * busy with one call each at a time, signs every call afresh, and looks into every answer.
 */
import { hash } from "node:crypto";
import { createConnection, type Socket } from "node:net";
import { cardNumber, serialNo, totalMb, usedMb } from "./cards.ts";
import type { Inventory } from "./inventory.ts";

export interface LoadOrder {
  readonly url: string;
  readonly inventory: Inventory;
  readonly connections: number;
  /** Ends after this long or after so many calls, whichever is first. */
  readonly durationMs: number;
  readonly callsMax: number;
  /** Usage arrives meanwhile, so that what a card has used is not compared. */
  readonly usageArrives?: boolean;
}

export interface LoadResult {
  readonly calls: number;
  readonly elapsedMs: number;
  /** Of each call from its sending to its answer, in microseconds, sorted. */
  readonly latencyUs: { readonly p50: number; readonly p99: number };
}

/** Every so many-th answer is parsed and compared with what it must be; of all others the errcode is looked at. */
const parsedEvery = 16;

function run(order: LoadOrder): Promise<LoadResult> {
  const { port, hostname } = new URL(order.url);
  const { cardCount, clients, usageAsOfSeconds } = order.inventory;
  const usage = order.usageArrives === true ? undefined : { asOfSeconds: usageAsOfSeconds };
  const startedAt = performance.now();
  const endAt = startedAt + order.durationMs;
  // A fixed size: 40,000 calls a second for the longest round fit in, and beyond it the first ones are a fair sample.
  const latencies = new Float64Array(Math.min(order.callsMax, 2_000_000));
  let sent = 0;
  let answered = 0;
  let seconds = 0;
  let secondsAt = 0;

  function request(index: number, now: number): string {
    if (now - secondsAt > 1000) {
      seconds = Math.floor(Date.now() / 1000);
      secondsAt = now;
    }
    const client = clients[index % clients.length];
    if (client === undefined) throw new Error("no clients");
    const serial = serialNo(index);
    const sign = hash(
      "sha1",
      `client_id=${client.clientId}&serial_no=${serial}&timestamp=${seconds}${client.clientSecret}`,
    ).toUpperCase();
    const body = `{"client_id":"${client.clientId}","serial_no":"${serial}","timestamp":${seconds},"sign":"${sign}"}`;
    return `POST /v1/member/info HTTP/1.1\r\nhost: ${hostname}:${port}\r\nuser-agent: bench\r\naccept: */*\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  }

  return new Promise((resolve, reject) => {
    let open = order.connections;
    let failed = false;

    function fail(error: unknown, socket: Socket): void {
      if (failed) return;
      failed = true;
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    }

    function finish(socket: Socket): void {
      socket.removeAllListeners("close");
      socket.end();
      if (--open > 0) return;
      const elapsedMs = performance.now() - startedAt;
      const sorted = latencies.subarray(0, Math.min(answered, latencies.length)).sort();
      const at = (part: number): number => (sorted[Math.floor(sorted.length * part)] ?? 0) * 1000;
      resolve({ calls: answered, elapsedMs, latencyUs: { p50: at(0.5), p99: at(0.99) } });
    }

    for (let connection = 0; connection < order.connections; connection++) {
      const socket = createConnection({ port: Number(port), host: hostname, noDelay: true });
      let index = 0;
      let sentAt = 0;
      let received = "";
      const send = (): void => {
        const now = performance.now();
        if (now >= endAt || sent >= order.callsMax || failed) return finish(socket);
        index = Math.floor(Math.random() * cardCount);
        sent++;
        sentAt = now;
        socket.write(request(index, now), "latin1");
      };
      socket.once("connect", send);
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        const body = completeBody(received);
        if (body === undefined) return;
        if (answered < latencies.length) latencies[answered] = performance.now() - sentAt;
        received = "";
        try {
          checkSuccess(body);
          if (answered % parsedEvery === 0) checkWhole(body, index, usage);
        } catch (error) {
          return fail(error, socket);
        }
        answered++;
        send();
      });
      socket.on("error", (error) => fail(error, socket));
      socket.on("close", () => fail(new Error(`connection closed after ${answered} calls`), socket));
    }
  });
}

/** The body of an answer, once all of it is there. */
function completeBody(received: string): string | undefined {
  const head = received.indexOf("\r\n\r\n");
  if (head === -1) return undefined;
  const length = /\r\ncontent-length: (\d+)/i.exec(received)?.[1];
  if (length === undefined || !received.startsWith("HTTP/1.1 200 ")) throw new Error(`unexpected answer: ${received}`);
  return received.length >= head + 4 + Number(length) ? received.slice(head + 4) : undefined;
}

function checkSuccess(body: string): void {
  if (!body.startsWith('{"errcode":0,')) throw new Error(`refused: ${body}`);
}

/** Compares a card with what it must be; what it has used unless `usage` is undefined. */
function checkWhole(body: string, index: number, usage: { readonly asOfSeconds: number } | undefined): void {
  const { data } = JSON.parse(body) as { data: Record<string, unknown> };
  const expected = {
    total_data_value: String(totalMb(index)),
    ...(usage !== undefined && {
      used_data_value: String(usedMb(index)),
      left_data_value: String(totalMb(index) - usedMb(index)),
      data_as_of: new Date(usage.asOfSeconds * 1000).toISOString().replace(".000Z", "Z"),
    }),
    serial_no: serialNo(index),
    custom_no: "",
    iccid_suffix: `${String(cardNumber(index)).padStart(13, "0").slice(-9)}0`,
    sim_status: "1",
    gprs_status: "1",
  };
  for (const [name, value] of Object.entries(expected))
    if (data[name] !== value) throw new Error(`${name} of card ${serialNo(index)} must be ${value}: ${body}`);
}

process.on("message", (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ problem: String(error) }),
  );
});
// The benchmark is gone.
process.on("disconnect", () => process.exit());
// Ctrl-C reaches every process of the terminal; the benchmark decides.
process.on("SIGINT", () => {});
