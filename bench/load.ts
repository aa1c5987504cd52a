import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadOrder, LoadResult } from "./generator.ts";

const generatorFile = fileURLToPath(new URL("generator.ts", import.meta.url));

/** The load generator's process. */
export interface Load {
  /** Sends calls as ordered. Throws if a single one is not answered rightly. */
  run(order: LoadOrder): Promise<LoadResult>;
  stop(): void;
}

export function startLoad(): Load {
  const child: ChildProcess = fork(generatorFile, {
    // Fewer collections of the answers' strings, and so less noise in the latencies it measures.
    execArgv: ["--max-semi-space-size=64"],
  });
  return {
    async run(order) {
      const answer = once(child, "message");
      child.send(order);
      const [message] = (await answer) as [{ result: LoadResult } | { problem: string }];
      if ("problem" in message) throw new Error(`${order.url}: ${message.problem}`);
      return message.result;
    },
    stop() {
      child.disconnect();
    },
  };
}
