/**
 * Sends usage records to a server under test by HTTP, from a process of its own. Looks at what became of each body's
 * records.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ingestPath } from "../packages/server/src/modules/usage/ingest.ts";
import { eventLine, randomRecord } from "./usage-records.ts";

export interface IngestOrder {
  readonly url: string;
  readonly token: string;
  readonly cards: number;
  readonly durationMs: number;
  /** Undefined: as many as the server takes. */
  readonly recordsPerSecond: number | undefined;
}

export interface IngestResult {
  readonly records: number;
  readonly elapsedMs: number;
}

/** Small enough for a pace to be even. */
export const recordsPerBody = 1_000;
/** Enough to keep both of a server's turns busy while answers travel. */
const connections = 4;

/** The process that sends. */
export interface IngestLoad {
  /** Sends until the time is over, and waits for the answers. Throws if a record is not taken in. */
  run(order: IngestOrder): Promise<IngestResult>;
  stop(): void;
}

export function startIngestLoad(): IngestLoad {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), ["send"]);
  return {
    async run(order) {
      const answer = once(child, "message");
      child.send(order);
      const [message] = (await answer) as [{ result: IngestResult } | { problem: string }];
      if ("problem" in message) throw new Error(`${order.url}: ${message.problem}`);
      return message.result;
    },
    stop: () => void (child.connected && child.disconnect()),
  };
}

async function send(order: IngestOrder, agent: http.Agent): Promise<IngestResult> {
  const startedAt = performance.now();
  const intervalMs = order.recordsPerSecond === undefined ? 0 : (recordsPerBody / order.recordsPerSecond) * 1000;
  const endAt = startedAt + order.durationMs;
  let begun = 0;
  let records = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (;;) {
        const dueAt = Math.max(performance.now(), startedAt + begun++ * intervalMs);
        if (dueAt >= endAt) return;
        const body = bodyOf(order.cards);
        await delay(Math.max(0, dueAt - performance.now()));
        await post(order, body, agent);
        records += recordsPerBody;
      }
    }),
  );
  return { records, elapsedMs: performance.now() - startedAt };
}

function bodyOf(cards: number): Buffer {
  const now = Date.now();
  return Buffer.from(Array.from({ length: recordsPerBody }, () => eventLine(randomRecord(cards, now))).join(""));
}

async function post({ url, token }: IngestOrder, body: Buffer, agent: http.Agent): Promise<void> {
  const request = http.request(url + ingestPath, {
    agent,
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/x-ndjson",
      "content-length": body.length,
    },
  });
  request.end(body);
  const [response] = (await once(request, "response")) as [http.IncomingMessage]; // As the event is documented.
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer); // No encoding is set.
  const text = Buffer.concat(chunks).toString();
  if (!text.includes(`"accepted":${recordsPerBody},`)) throw new Error(`not all taken in: ${text.slice(0, 500)}`);
}

if (import.meta.main && process.argv[2] === "send") {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  process.on("message", (order: IngestOrder) => {
    send(order, agent).then(
      (result) => process.send?.({ result }),
      (error: unknown) => process.send?.({ problem: String(error) }),
    );
  });
  process.on("disconnect", () => process.exit());
  process.on("SIGINT", () => {});
}
