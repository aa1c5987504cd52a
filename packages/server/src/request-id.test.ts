import { expect, test } from "vitest";
import { createRequestIds, secondOfRequestId } from "./request-id.ts";

const now = Date.parse("2026-11-24T05:06:07.891Z");

test("an id is short, and tells the second of its call", () => {
  const next = createRequestIds();
  const id = next(now);
  expect(id).toMatch(/^[0-9a-z]{10}-1$/);
  expect(secondOfRequestId(id)).toBe(Date.parse("2026-11-24T05:06:07Z"));
  expect(secondOfRequestId(next(Date.parse("2020-01-01T00:00:00Z")))).toBe(Date.parse("2020-01-01T00:00:00Z"));
  expect(secondOfRequestId(next(Date.parse("2088-01-01T00:00:00Z")))).toBe(Date.parse("2088-01-01T00:00:00Z"));
});

test("ids of one process differ, whatever its clock does", () => {
  const next = createRequestIds();
  const times = [now, now, now + 1, now - 86_400_000, now, 0, Number.MAX_SAFE_INTEGER, now];
  const ids = Array.from({ length: 5_000 }, (_, index) => next(times[index % times.length] ?? now));
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-z]{10}-[0-9a-z]+$/);
});

test("what is no id tells no second", () => {
  for (const text of ["", "-", "3k2x9a7q2c", "3k2x9a7q2c-", "3K2X9A7Q2C-1", "3k2x9a7q2c-1; drop", "x".repeat(40)])
    expect(secondOfRequestId(text)).toBeUndefined();
});
