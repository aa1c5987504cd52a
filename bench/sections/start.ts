import { execFile } from "node:child_process";
import { hash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { childEnvironment, dks, platformEnvironment, startServer, stopServer } from "../contenders.ts";
import { show } from "../report.ts";
import { spread } from "../rounds.ts";
import type { Section } from "./context.ts";

/** From the command to the first answered call, with the embedded database: on an empty directory, and ever after. */
export const start: Section = async ({ scale, scratchDir, progress }) => {
  const dataDir = join(scratchDir, "start");
  // PostgreSQL, which under root runs as another user, has to get in.
  await mkdir(dataDir, { mode: 0o755 });
  const environment = { ...platformEnvironment(dataDir), DKS_DEMO: "true" };
  const firstStartedAt = performance.now();
  const first = await startServer([dks, "serve"], environment);
  const firstMs = performance.now() - firstStartedAt;
  await stopServer(first.child);
  progress("first start");
  const demo = await readDemo(environment);
  const laterMs: number[] = [];
  for (let count = 1; count <= scale.starts; count++) {
    const startedAt = performance.now();
    const { child, url } = await startServer([dks, "serve"], environment);
    await call(url, demo);
    laterMs.push(performance.now() - startedAt);
    await stopServer(child);
    progress(`start ${count} of ${scale.starts}`);
  }
  return [
    {
      what: "From `dks serve` on an existing data directory to the first answered call, embedded PostgreSQL included",
      measured: show(spread(laterMs), "ms"),
      comparedWith: `the first start, which creates the database: ${Math.round(firstMs).toLocaleString("en")} ms`,
      ratio: "",
      goal: "stated",
      data: { firstMs, laterMs },
    },
  ];
};

/** What `dks demo --json` prints, as far as a call needs it. */
interface Demo {
  readonly client_id: string;
  readonly client_secret: string;
  readonly serial_no: string;
}

async function readDemo(environment: NodeJS.ProcessEnv): Promise<Demo> {
  const { stdout } = await promisify(execFile)(process.execPath, [dks, "demo", "--json"], {
    env: childEnvironment(environment),
  });
  return JSON.parse(stdout) as Demo;
}

async function call(url: string, { client_id, client_secret, serial_no }: Demo): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1000);
  const signed = `client_id=${client_id}&serial_no=${serial_no}&timestamp=${timestamp}${client_secret}`;
  const response = await fetch(`${url}/v1/member/info`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_id, serial_no, timestamp, sign: hash("sha1", signed).toUpperCase() }),
  });
  const answer = (await response.json()) as { errcode: number; data?: { total_data_value: string } };
  if (answer.errcode !== 0 || answer.data?.total_data_value !== "10")
    throw new Error(`the demo call was answered ${JSON.stringify(answer)}`);
}
