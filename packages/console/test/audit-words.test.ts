import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { actionName, objectKindName } from "../src/console/audit/words.ts";

const server = join(import.meta.dirname, "../../server/src");

/** The source of everything that records a change. */
const recording = globSync("**/*.ts", { cwd: server })
  .filter((path) => !path.endsWith(".test.ts"))
  .map((path) => readFileSync(join(server, path), "utf8"))
  .filter((text) => /\brecordAudit\(/.test(text));

/** Every text in them that an action looks like: what is done, after a dot, to which kind of thing. */
const actions = [
  ...new Set(recording.flatMap((text) => [...text.matchAll(/"([a-z_]+\.[a-z_]+)"/g)].map(([, word = ""]) => word))),
].filter((word) => !/\.(ts|js|csv)$/.test(word));

/** An actor, of which a name is remembered too, looks much the same. */
const objectKinds = [
  ...new Set(
    recording.flatMap((text) =>
      [...text.matchAll(/\{ kind: "([a-z_]+)", id(?![^}]*\bname\b)/g)].map(([, word = ""]) => word),
    ),
  ),
];

describe("the audit log", () => {
  it("has words in both languages for every action that the server records", () => {
    expect(actions).toContain("client.rotate");
    expect(actions.length).toBeGreaterThan(40);
    expect(actions.filter((action) => actionName(action, (zh) => zh) === action)).toEqual([]);
    expect(actions.filter((action) => actionName(action, (_, en) => en) === action)).toEqual([]);
  });

  it("has words for every kind of thing that is acted on", () => {
    expect(objectKinds).toContain("client");
    expect(objectKinds.filter((kind) => objectKindName(kind, (zh) => zh) === kind)).toEqual([]);
  });

  it("records no action under a name that is put together, which no word could be found for", () => {
    expect(recording.filter((text) => /\baction: `/.test(text))).toEqual([]);
  });
});
