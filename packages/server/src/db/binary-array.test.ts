import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { bigintArray, dateArray, integerArray, textArray, timestamptzArray } from "./binary-array.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());

/** The values as PostgreSQL has read them, each as text. */
async function readBack(type: string, array: Buffer, shown = "value::text"): Promise<string[]> {
  const { rows } = await database.pool.query<{ shown: string }>({
    text: `select ${shown} as shown from unnest($1::${type}[]) with ordinality as t (value, place) order by place`,
    values: [array],
  });
  return rows.map(({ shown }) => shown);
}

const dayMs = 86_400_000;
// PostgreSQL's text has no NUL and no half a character; its dates end after ours.
const texts = fc.array(fc.string({ unit: "binary" }).map((value) => value.replaceAll("\0", "")));
const integers = fc.array(fc.integer());
const exactNumbers = fc.array(fc.maxSafeInteger());
const microseconds = fc.array(fc.maxSafeNat());
const days = fc.array(fc.integer({ min: -719_162, max: 2_932_896 }));

describe("PostgreSQL reads every value as it was given", () => {
  it.each([
    ["text", texts, (values: unknown[]) => readBack("text", textArray(values as string[])), String],
    ["integer", integers, (values: unknown[]) => readBack("integer", integerArray(values as number[])), String],
    ["bigint", exactNumbers, (values: unknown[]) => readBack("bigint", bigintArray(values as number[])), String],
    [
      "date",
      days,
      (values: unknown[]) => readBack("date", dateArray(values as number[]), "to_char(value, 'YYYY-MM-DD')"),
      (day: unknown) => new Date(Number(day) * dayMs).toISOString().slice(0, 10),
    ],
    [
      "timestamptz",
      microseconds,
      (values: unknown[]) =>
        readBack(
          "timestamptz",
          timestamptzArray(values as number[]),
          "(extract(epoch from value) * 1000000)::bigint::text",
        ),
      String,
    ],
  ] as const)("%s", async (_type, values, read, printed) => {
    await fc.assert(
      fc.asyncProperty(values as fc.Arbitrary<unknown[]>, async (given) => {
        expect(await read(given)).toEqual(given.map((value) => (printed as (value: unknown) => string)(value)));
      }),
      { numRuns: 60 },
    );
  });
});
