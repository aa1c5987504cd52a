import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { languages } from "../../../../../examples/languages.ts";
import type { CodeBlocks } from "./highlight.ts";

/** A sample as it lies in the repository's folder examples/, which its tests run. */
export interface Sample {
  readonly language: string;
  readonly label: string;
  readonly file: string;
  readonly html: string;
}

export const sampleFiles: readonly { readonly language: string; readonly file: string }[] = languages;

const labels: Record<string, string> = {
  php: "PHP",
  python: "Python",
  java: "Java",
  go: "Go",
  csharp: "C#",
  node: "Node",
  curl: "bash",
};

/** What has to be changed in a sample to call another operation: its path, and the parameters beside client_id. */
function isToAdapt(line: string): boolean {
  return line.includes("/v1/member/info") || /serial_?no/i.test(line.replace(/\/\/.*|#.*$/, ""));
}

export function readSamples(repository: string, codeBlocks: CodeBlocks): Promise<Sample[]> {
  return Promise.all(
    sampleFiles.map(async ({ language, file }) => ({
      language,
      label: labels[language] ?? language,
      file: `examples/${file}`,
      html: codeBlocks.pre(await readFile(join(repository, "examples", file), "utf8"), language, isToAdapt),
    })),
  );
}
