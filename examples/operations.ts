/**
 * Samples of the other operations, made from those of `/v1/member/info` by `npm run generate` and run by the same tests:
 * they differ in the path and the parameters only, each of which stands on one line.
 */
import type { Language } from "./languages.ts";

/** An operation as far as a sample shows it. */
export interface SampledOperation {
  /** As OpenAPI calls it: "memberInfo". */
  readonly name: string;
  readonly path: string;
  readonly summary: { readonly zh: string; readonly en: string };
  /** Those that a call needs, taken from the command line in this order, and those that have a default. */
  readonly parameters: readonly { readonly name: string; readonly example: string; readonly literal?: number }[];
}

/** The parts of docs/openapi.json that are read here. */
export interface OpenApiPaths {
  readonly paths: Record<string, { readonly post: PostOperation }>;
}

interface PostOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly "x-summary-zh": string;
  readonly requestBody: {
    readonly content: { readonly "application/json": { readonly schema: RequestSchema } };
  };
}

interface RequestSchema {
  readonly properties: Record<
    string,
    { readonly default?: unknown; readonly examples?: readonly (string | number | null)[] }
  >;
  readonly required: readonly string[];
}

/** The samples' own code adds these to every call. */
const commonParameters = new Set(["client_id", "timestamp", "sign"]);

export function sampledOperations({ paths }: OpenApiPaths): SampledOperation[] {
  return Object.entries(paths).map(([path, { post }]) => {
    const { properties, required } = post.requestBody.content["application/json"].schema;
    const parameters = Object.entries(properties).flatMap(([name, schema]) => {
      if (commonParameters.has(name)) return [];
      const example = schema.examples?.[0]?.toString() ?? "";
      if (required.includes(name)) return [{ name, example }];
      return typeof schema.default === "number" ? [{ name, example, literal: schema.default }] : [];
    });
    return { name: post.operationId, path, summary: { zh: post["x-summary-zh"], en: post.summary }, parameters };
  });
}

/** What the samples are made from. */
const original = { name: "memberInfo", path: "/v1/member/info", parameter: "serial_no" };

/** A sample's file, command or code with the original's names exchanged for the operation's. */
function renamed(text: string, { name }: SampledOperation): string {
  return text.replaceAll(snake(original.name), snake(name)).replaceAll(pascal(original.name), pascal(name));
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** How a language is run for an operation. */
export function languageFor(language: Language, operation: SampledOperation): Language {
  const rename = (command: Language["command"]): Language["command"] => {
    const [program, ...args] = command.map((part) => renamed(part, operation));
    return [program ?? "", ...args];
  };
  return {
    ...language,
    file: renamed(language.file, operation),
    command: rename(language.command),
    ...(language.prepare === undefined ? {} : { prepare: rename(language.prepare) }),
    documented: renamed(language.documented, operation),
  };
}

/** What follows the command: an example for each parameter that has no default. */
export function sampleArguments({ parameters }: SampledOperation): string[] {
  return parameters.flatMap(({ example, literal }) => (literal === undefined ? [example] : []));
}

/** The program's first argument, in each of the languages. */
const argument = /(?:\$argv|sys\.argv|os\.Args|args)\[\d\]|\$\d/;

/** The code of an operation's sample, made from the original's. */
export function sampleFor({ language }: Language, source: string, operation: SampledOperation): string {
  const lines = source.split("\n");
  const at = lines.findIndex((line) => line.includes(original.parameter));
  const line = lines[at] ?? "";
  if (!argument.test(line) || lines.filter((each) => each.includes(original.parameter)).length !== 1)
    throw new Error(
      `the ${language} sample does not give ${original.parameter} its argument in the only line that names it`,
    );
  const parameters = operation.parameters.map(({ name, literal }, index) =>
    line
      .replace(original.parameter, name)
      .replace(argument, (first) =>
        literal === undefined ? first.replace(/\d/, (digit) => String(Number(digit) + index)) : String(literal),
      ),
  );
  lines.splice(at, 1, ...(language === "go" ? aligned(parameters) : parameters));
  const takesCards = operation.parameters.some(({ literal }) => literal === undefined);
  return renamed(
    lines
      // What is said of card numbers.
      .filter((each) => takesCards || !each.includes("卡号用字符串"))
      .join("\n")
      .replace("查询流量卡基本信息", operation.summary.zh)
      .replace("A card and how much data it has this month", operation.summary.en)
      .replaceAll(original.path, operation.path),
    operation,
  );
}

/** As gofmt has them: the values under each other. */
function aligned(lines: readonly string[]): string[] {
  const keyOf = (line: string): string => line.slice(0, line.indexOf(": ") + 1);
  const width = Math.max(...lines.map((line) => keyOf(line).length));
  return lines.map((line) => `${keyOf(line).padEnd(width)} ${line.slice(keyOf(line).length).trimStart()}`);
}
