import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gather } from "./gather.ts";

/** A database that answers when it is told to: each statement with its keys, waiting. */
function database() {
  const statements: { keys: readonly string[]; answer: () => void; fail: (error: Error) => void }[] = [];
  function fetch(keys: readonly string[]): Promise<Map<string, string>> {
    return new Promise((resolve, reject) => {
      statements.push({
        keys,
        answer: () =>
          resolve(new Map(keys.filter((key) => !key.startsWith("missing")).map((key) => [key, `row ${key}`]))),
        fail: reject,
      });
    });
  }
  return { statements, fetch };
}

describe("look-ups are gathered", () => {
  test("into one statement when they are asked for together", async () => {
    const { statements, fetch } = database();
    const find = gather(fetch, { batchMax: 10, inFlightMax: 1 });
    const found = [find("a"), find("b"), find("missing")];
    await nextTurn();
    expect(statements.map(({ keys }) => keys)).toEqual([["a", "b", "missing"]]);
    statements[0]?.answer();
    expect(await Promise.all(found)).toEqual(["row a", "row b", undefined]);
  });

  test("one for all who ask for the same key", async () => {
    const { statements, fetch } = database();
    const find = gather(fetch, { batchMax: 10, inFlightMax: 1 });
    const found = [find("a"), find("a"), find("a")];
    await nextTurn();
    expect(statements.map(({ keys }) => keys)).toEqual([["a"]]);
    statements[0]?.answer();
    expect(await Promise.all(found)).toEqual(["row a", "row a", "row a"]);
  });

  test("while a statement is under way, and sent when it returns", async () => {
    const { statements, fetch } = database();
    const find = gather(fetch, { batchMax: 10, inFlightMax: 1 });
    const first = find("a");
    await nextTurn();
    const later = [find("b"), find("c")];
    await nextTurn();
    expect(statements).toHaveLength(1);
    statements[0]?.answer();
    await first;
    await nextTurn();
    expect(statements.map(({ keys }) => keys)).toEqual([["a"], ["b", "c"]]);
    statements[1]?.answer();
    expect(await Promise.all(later)).toEqual(["row b", "row c"]);
  });

  test("afresh each time: an answer is never used for a later look-up", async () => {
    const { statements, fetch } = database();
    const find = gather(fetch, { batchMax: 10, inFlightMax: 2 });
    const first = find("a");
    await nextTurn();
    // The statement for the first is under way already and may have read the row as it was.
    const second = find("a");
    await nextTurn();
    expect(statements.map(({ keys }) => keys)).toEqual([["a"], ["a"]]);
    for (const statement of statements) statement.answer();
    expect(await Promise.all([first, second])).toEqual(["row a", "row a"]);
  });

  test("at most so many in a statement and so many statements at once", async () => {
    const { statements, fetch } = database();
    const sizes: number[] = [];
    const find = gather(fetch, { batchMax: 3, inFlightMax: 2, onBatch: (size) => sizes.push(size) });
    const found = Array.from({ length: 10 }, (_, number) => find(`key ${number}`));
    await nextTurn();
    expect(statements.map(({ keys }) => keys.length)).toEqual([3, 3]);
    statements[0]?.answer();
    await nextTurn();
    expect(statements.map(({ keys }) => keys.length)).toEqual([3, 3, 3]);
    statements[1]?.answer();
    statements[2]?.answer();
    await nextTurn();
    statements[3]?.answer();
    expect(await Promise.all(found)).toEqual(Array.from({ length: 10 }, (_, number) => `row key ${number}`));
    expect(sizes).toEqual([3, 3, 3, 1]);
  });
});

describe("a statement that fails", () => {
  test("fails for everyone who waits for it, and for no one after", async () => {
    const { statements, fetch } = database();
    const find = gather(fetch, { batchMax: 10, inFlightMax: 1 });
    const failing = Promise.allSettled([find("a"), find("b"), find("a")]);
    await nextTurn();
    const next = find("a");
    statements[0]?.fail(new Error("connection lost"));
    expect(await failing).toEqual([1, 2, 3].map(() => ({ status: "rejected", reason: new Error("connection lost") })));
    await nextTurn();
    statements[1]?.answer();
    expect(await next).toBe("row a");
  });

  test("by throwing at once does no more harm", async () => {
    let calls = 0;
    const find = gather<string, string>(
      (keys) => {
        calls++;
        if (calls === 1) throw new Error("no statement could be made");
        return Promise.resolve(new Map(keys.map((key) => [key, `row ${key}`])));
      },
      { batchMax: 10, inFlightMax: 1 },
    );
    await expect(find("a")).rejects.toThrow("no statement could be made");
    expect(await find("a")).toBe("row a");
  });
});

test("whatever the order of questions and answers, everyone gets their own answer and the limits hold", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.oneof(fc.constantFrom("a", "b", "c", "d", "e", "missing"), fc.constantFrom(0, 1, 2)), {
        maxLength: 40,
      }),
      async (batchMax, inFlightMax, steps) => {
        const { statements, fetch } = database();
        let underWay = 0;
        let most = 0;
        const find = gather(
          async (keys: readonly string[]) => {
            expect(new Set(keys).size).toBe(keys.length);
            expect(keys.length).toBeLessThanOrEqual(batchMax);
            most = Math.max(most, ++underWay);
            try {
              return await fetch(keys);
            } finally {
              underWay--;
            }
          },
          { batchMax, inFlightMax },
        );
        const asked: [string, Promise<string | undefined>][] = [];
        for (const step of steps) {
          if (typeof step === "string") asked.push([step, find(step)]);
          else {
            await nextTurn();
            statements.splice(step, 1)[0]?.answer();
          }
        }
        let settled = false;
        const all = Promise.all(asked.map(([, answer]) => answer)).finally(() => {
          settled = true;
        });
        while (!settled) {
          await nextTurn();
          statements.shift()?.answer();
        }
        expect(await all).toEqual(asked.map(([key]) => (key === "missing" ? undefined : `row ${key}`)));
        expect(most).toBeLessThanOrEqual(inFlightMax);
      },
    ),
    { numRuns: 300 },
  );
});
