import { type Language, type Text, text } from "../text.ts";

/** Where a command's words go: figures to stdout, everything else to stderr. */
export interface Terminal {
  readonly language: Language;
  /** Prints a result: the object as one line of JSON under --json, otherwise the lines. */
  result(json: Readonly<Record<string, unknown>>, lines: readonly Text[], asJson: boolean): void;
  /** Says something to the person, beside the result. */
  say(message: Text): void;
}

export function createTerminal(language: Language): Terminal {
  return {
    language,
    result(json, lines, asJson) {
      process.stdout.write(
        asJson ? `${JSON.stringify(json)}\n` : `${lines.map((line) => line[language]).join("\n")}\n`,
      );
    },
    say(message) {
      process.stderr.write(`${message[language]}\n`);
    },
  };
}

/**
 * Keeps output that cannot be written from ending the process in the middle of its work. Who has seen enough, as
 * `| head -1` has, has no quarrel with the command; words that a full disk has swallowed make it a failure.
 */
export function watchOutput(language: Language): void {
  process.stderr.on("error", () => {});
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") return;
    process.exitCode = 1;
    const said = text(`无法输出结果：${error.message}`, `The result cannot be written: ${error.message}`);
    process.stderr.write(`${said[language]}\n`);
  });
}
