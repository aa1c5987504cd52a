import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { refusals } from "../src/errors.ts";

/** The documents that integrators read say all that the server may say. */

const src = join(import.meta.dirname, "../src");
const docs = join(import.meta.dirname, "../../../docs");

const hints = new Set(
  readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .flatMap((path) => [...readFileSync(join(src, path), "utf8").matchAll(/(?:hint: |wrong\w+\(\s*)"([a-z_]+)"/g)])
    .map((match) => match[1] ?? "")
    // Stands in the call log alone: by then the caller had hung up.
    .filter((hint) => !hint.endsWith("_broken_off")),
);

describe.each(["signing.md", "signing.zh-CN.md"])("docs/%s", (name) => {
  const page = readFileSync(join(docs, name), "utf8");

  it("explains every hint that an answer may carry", () => {
    expect(hints.size).toBeGreaterThan(40);
    expect([...hints].filter((hint) => !page.includes(`\`${hint}\``))).toEqual([]);
  });

  it("names every error code", () => {
    const codes = Object.values(refusals).map(({ errcode }) => String(errcode));
    expect(codes.filter((errcode) => !page.includes(errcode))).toEqual([]);
  });
});
