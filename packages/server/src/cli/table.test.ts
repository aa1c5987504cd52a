import { describe, expect, it } from "vitest";
import { tableLines } from "./table.ts";

describe("a table in the terminal", () => {
  it("has aligned columns, figures to the right but for what names something", () => {
    expect(
      tableLines([
        ["card", "bytes", "note"],
        ["87000001", "5", "first"],
        ["1", "1024", ""],
      ]),
    ).toEqual(["card      bytes  note", "87000001      5  first", "1          1024"]);
  });

  it("may be of a million lines", () => {
    const lines = tableLines([
      ["id", "bytes"],
      ...Array.from({ length: 1_000_000 }, (_, index) => [`r-${index}`, "1"]),
    ]);
    expect(lines).toHaveLength(1_000_001);
    expect(lines.at(-1)).toBe("r-999999      1");
  });
});
