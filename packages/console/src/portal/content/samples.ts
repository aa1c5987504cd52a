import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { languages } from "../../../../../examples/languages.ts";
import { type SampledOperation, languageFor, sampleArguments } from "../../../../../examples/operations.ts";
import type { CodeBlocks } from "./highlight.ts";

/** A sample as it lies in the repository's folder examples/, whose tests run it. */
export interface Sample {
  readonly language: string;
  readonly label: string;
  readonly file: string;
  readonly html: string;
  /** What runs it where the file has been saved. */
  readonly command: string;
}

/** The samples that the documents link to. */
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

export function readSamples(
  repository: string,
  operation: SampledOperation,
  codeBlocks: CodeBlocks,
): Promise<Sample[]> {
  return Promise.all(
    languages.map(async (language) => {
      const { file, documented, folder } = languageFor(language, operation);
      return {
        language: language.language,
        label: labels[language.language] ?? language.language,
        file: `examples/${file}`,
        html: codeBlocks.pre(await readFile(join(repository, "examples", file), "utf8"), language.language),
        command: [documented.replaceAll(`${folder}/`, ""), ...sampleArguments(operation)].join(" "),
      };
    }),
  );
}
