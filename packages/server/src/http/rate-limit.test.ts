import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFailureLimiter, createRateLimiter } from "./rate-limit.ts";

function clockAt(start: number) {
  let now = start;
  return { clock: () => now, advance: (ms: number) => (now += ms) };
}

describe("a client's rate", () => {
  test("lets a second's calls pass at once, and says when the next may come", () => {
    const { clock, advance } = clockAt(0);
    const rates = createRateLimiter(clock);
    expect(Array.from({ length: 5 }, () => rates.take("a", 5))).toEqual([0, 0, 0, 0, 0]);
    expect(rates.take("a", 5)).toBe(200);
    advance(199);
    expect(rates.take("a", 5)).toBeGreaterThan(0);
    advance(1);
    expect(rates.take("a", 5)).toBe(0);
    expect(rates.take("a", 5)).toBe(200);
  });

  test("is the client's own", () => {
    const rates = createRateLimiter(clockAt(0).clock);
    expect(rates.take("a", 1)).toBe(0);
    expect(rates.take("a", 1)).toBeGreaterThan(0);
    expect(rates.take("b", 1)).toBe(0);
  });

  test("does not save up more than a second", () => {
    const { clock, advance } = clockAt(0);
    const rates = createRateLimiter(clock);
    rates.take("a", 3);
    advance(3_600_000);
    expect(Array.from({ length: 4 }, () => rates.take("a", 3) === 0)).toEqual([true, true, true, false]);
  });

  test("follows a change of the limit", () => {
    const { clock, advance } = clockAt(0);
    const rates = createRateLimiter(clock);
    rates.take("a", 100);
    expect([rates.take("a", 1), rates.take("a", 1) > 0]).toEqual([0, true]);
    advance(1000);
    expect(rates.take("a", 100)).toBe(0);
  });

  test("survives a clock that is set back", () => {
    const { clock, advance } = clockAt(1_000_000);
    const rates = createRateLimiter(clock);
    expect(rates.take("a", 1)).toBe(0);
    advance(-500_000);
    expect(rates.take("a", 1)).toBe(1000);
    advance(1000);
    expect(rates.take("a", 1)).toBe(0);
  });

  test("holds over any time: never more than a second's calls beyond the rate", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat({ max: 700 }), { maxLength: 200 }), (rate, gaps) => {
        const { clock, advance } = clockAt(0);
        const rates = createRateLimiter(clock);
        let passed = 0;
        for (const gap of gaps) {
          advance(gap);
          if (rates.take("a", rate) === 0) passed++;
        }
        // A little more for the rounding of tokens that are fractions.
        expect(passed).toBeLessThanOrEqual(rate + (clock() * rate) / 1000 + 1e-6);
      }),
    );
  });

  test("never refuses a caller who waits as long as it was told", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.array(fc.nat({ max: 2000 }), { maxLength: 50 }),
        (rate, gaps) => {
          const { clock, advance } = clockAt(0);
          const rates = createRateLimiter(clock);
          for (const gap of gaps) {
            advance(gap);
            const waitMs = rates.take("a", rate);
            if (waitMs === 0) continue;
            advance(waitMs);
            expect(rates.take("a", rate)).toBe(0);
          }
        },
      ),
    );
  });
});

describe("processes of one server", () => {
  test("tell each other what they let through, once", () => {
    const rates = createRateLimiter(clockAt(0).clock);
    rates.take("a", 2);
    rates.take("a", 2);
    rates.take("a", 2);
    rates.take("b", 2);
    expect([...rates.drainTaken()]).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
    expect([...rates.drainTaken()]).toEqual([]);
  });

  test("count what the others let through", () => {
    const { clock, advance } = clockAt(0);
    const rates = createRateLimiter(clock);
    rates.take("a", 10);
    rates.takeElsewhere(new Map([["a", 9]]));
    expect(rates.take("a", 10)).toBe(100);
    advance(100);
    expect(rates.take("a", 10)).toBe(0);
  });

  test("are not silenced for longer than two seconds by the others", () => {
    const { clock, advance } = clockAt(0);
    const rates = createRateLimiter(clock);
    rates.take("a", 10);
    rates.takeElsewhere(new Map([["a", 1_000_000]]));
    advance(2000);
    expect(rates.take("a", 10)).toBe(0);
  });

  test("keep nothing for a client that never called here", () => {
    const rates = createRateLimiter(clockAt(0).clock);
    rates.takeElsewhere(new Map([["a", 5]]));
    expect(rates.take("a", 1)).toBe(0);
  });
});

describe("failures of an address", () => {
  test("are answered in full up to the limit, then in few words until the minute is over", () => {
    const { clock, advance } = clockAt(5_000);
    const failures = createFailureLimiter(clock, 2);
    expect([failures.fail("203.0.113.7"), failures.fail("203.0.113.7")]).toEqual([0, 0]);
    expect(failures.fail("203.0.113.7")).toBe(60_000);
    advance(59_999);
    expect(failures.fail("203.0.113.7")).toBe(1);
    advance(1);
    expect(failures.fail("203.0.113.7")).toBe(0);
  });

  test("are its own", () => {
    const failures = createFailureLimiter(clockAt(0).clock, 1);
    failures.fail("203.0.113.7");
    expect(failures.fail("203.0.113.7")).toBeGreaterThan(0);
    expect(failures.fail("203.0.113.8")).toBe(0);
  });

  test("are forgotten when the clock is set back far, rather than held against it for ever", () => {
    const { clock, advance } = clockAt(1_000_000_000);
    const failures = createFailureLimiter(clock, 1);
    failures.fail("203.0.113.7");
    advance(-500_000_000);
    expect(failures.fail("203.0.113.7")).toBe(0);
  });
});
