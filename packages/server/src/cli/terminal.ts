import type { Language, Text } from "../text.ts";

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
