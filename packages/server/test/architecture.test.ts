import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";

/** The structure of the code, held by looking at its imports. What is refused here would work, and be regretted. */

const src = join(import.meta.dirname, "../src");

interface Source {
  /** Relative to src, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The files of src that it imports, types included. */
  readonly imports: readonly string[];
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => {
    const text = readFileSync(join(src, path), "utf8");
    const specifiers = [...text.matchAll(/(?:from|import)\s+"(\.[^"]+)"/g)].map((match) => match[1] ?? "");
    return {
      path: path.replaceAll("\\", "/"),
      text,
      imports: specifiers.map((specifier) => relative(src, normalize(join(src, dirname(path), specifier)))),
    };
  });

function importsThat(refused: (from: Source, to: string) => boolean): string[] {
  return sources.flatMap((source) =>
    source.imports.filter((to) => refused(source, to)).map((to) => `${source.path} imports ${to}`),
  );
}

function moduleOf(path: string): string | undefined {
  return /^modules\/([^/]+)\//.exec(path)?.[1];
}

describe("the structure of the server", () => {
  it("is what this test looks at", () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(sources.flatMap((source) => source.imports).length).toBeGreaterThan(100);
  });

  it("keeps the database layer below everything else", () => {
    expect(importsThat(({ path }, to) => path.startsWith("db/") && /^(http|modules|cli)\//.test(to))).toEqual([]);
  });

  it("lets a query file know the database and nothing above it", () => {
    expect(
      importsThat(
        ({ path }, to) => path.endsWith(".queries.ts") && /\.(service|routes|contract)\.ts$|^(http|cli)\//.test(to),
      ),
    ).toEqual([]);
  });

  it("lets a service know neither routes nor HTTP", () => {
    expect(
      importsThat(({ path }, to) => path.endsWith(".service.ts") && /\.(routes|contract)\.ts$|^(http|cli)\//.test(to)),
    ).toEqual([]);
  });

  it("lets routes, HTTP and the command line reach queries through a service only", () => {
    expect(
      importsThat(
        ({ path }, to) => (path.endsWith(".routes.ts") || /^(http|cli)\//.test(path)) && to.endsWith(".queries.ts"),
      ),
    ).toEqual([]);
  });

  it("lets a module call another module's service, never its queries", () => {
    expect(
      importsThat(
        ({ path }, to) => moduleOf(path) !== undefined && to.endsWith(".queries.ts") && moduleOf(to) !== moduleOf(path),
      ),
    ).toEqual([]);
  });

  it("constructs services in app.ts only", () => {
    const constructing = sources.filter(
      ({ path, text }) => path !== "app.ts" && /(?<!function )\bcreate\w+Service\(/.test(text),
    );
    expect(constructing.map(({ path }) => path)).toEqual([]);
  });

  it("reads the environment in config.ts only", () => {
    const reading = sources.filter(({ path, text }) => path !== "config.ts" && text.includes("process.env"));
    expect(reading.map(({ path }) => path)).toEqual([]);
  });

  it("has no circle of imports", () => {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const done = new Set<string>();
    const circles: string[] = [];
    function visit(path: string, trail: readonly string[]): void {
      if (trail.includes(path)) {
        circles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
        return;
      }
      if (done.has(path)) return;
      for (const next of byPath.get(path)?.imports ?? []) visit(next, [...trail, path]);
      done.add(path);
    }
    for (const { path } of sources) visit(path, []);
    expect(circles).toEqual([]);
  });

  it("has no file that is called by what it is instead of by what it does", () => {
    const vague = sources.filter(({ path }) => /(^|\/)(utils?|helpers?|types|common|index)\.ts$/.test(path));
    expect(vague.map(({ path }) => path)).toEqual([]);
  });
});
