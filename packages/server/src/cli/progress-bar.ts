import { SingleBar } from "cli-progress";

export interface ProgressBar {
  /** How much of a file has been dealt with, and in a word what is being done. */
  show(label: string, doneBytes: number, totalBytes: number): void;
  close(): void;
}

/** On a terminal only: a log wants no bar. */
export function progressBar(): ProgressBar {
  if (!process.stderr.isTTY) return { show: () => {}, close: () => {} };
  const bar = new SingleBar({
    format: "{bar} {percentage}% {label}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let started = false;
  return {
    show(label, doneBytes, totalBytes) {
      if (!started) bar.start(totalBytes, doneBytes, { label });
      started = true;
      bar.update(doneBytes, { label });
    },
    close() {
      if (started) bar.stop();
    },
  };
}
