import { OperatorError } from "../errors.ts";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { WalkOptions } from "../modules/usage/walk.ts";
import { type Text, text } from "../text.ts";
import { type CommandContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

/** Runs what walks all cards and months: shows how far it is, and lets Ctrl-C end it between two pieces of work. */
export async function runWalk<T>(
  stopped: Text,
  terminal: Terminal,
  work: (context: CommandContext, options: WalkOptions) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  function interrupt(): void {
    stop.abort(new OperatorError(stopped));
  }
  const bar = progressBar();
  // While these are listened to, Node does not end the process.
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await withDatabase((context) =>
      work(context, {
        signal: stop.signal,
        onProgress({ month, done, total }) {
          const label = text(`账期 ${formatMonth(month)}`, `billing month ${formatMonth(month)}`);
          bar.show(label[terminal.language], done, total);
        },
      }),
    );
  } finally {
    bar.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/** Says which months were left out, if any. */
export function saySkipped(terminal: Terminal, skipped: readonly BillingMonth[]): void {
  if (skipped.length === 0) return;
  const months = skipped.map(formatMonth);
  terminal.say(
    text(
      `以下账期的用量记录已不再保存，已跳过：${months.join("、")}`,
      `Left out, since their usage records are no longer kept: ${months.join(", ")}`,
    ),
  );
}
