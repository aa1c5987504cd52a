/** How often something may be tried. */
export interface AttemptRule {
  readonly attemptsMax: number;
  readonly withinMs: number;
  readonly lockMs: number;
}

/** A password or code is tried under both the e-mail address it is for and the IP address it comes from. */
export type AttemptKind = "login" | "address";

const quarterHourMs = 15 * 60_000;

/**
 * Five of one login: of a code's million values three are right at any time, so that a whole year of trying at this pace
 * finds one with a probability of two in five, and only for who knows the password. Thirty of one IP address, behind which
 * a whole office may sit.
 */
export const attemptRules: Readonly<Record<AttemptKind, AttemptRule>> = {
  login: { attemptsMax: 5, withinMs: quarterHourMs, lockMs: quarterHourMs },
  address: { attemptsMax: 30, withinMs: quarterHourMs, lockMs: quarterHourMs },
};

/** What is remembered of attempts: when those were that did not end well, or have not ended yet, the latest last. */
export interface Attempts {
  readonly triedAt: readonly Date[];
  readonly lockedUntil: Date | null;
}

/** How many whole seconds a lock still holds; undefined if there is none. */
export function secondsLocked({ lockedUntil }: Attempts, now: Date): number | undefined {
  return lockedUntil !== null && lockedUntil > now
    ? Math.ceil((lockedUntil.getTime() - now.getTime()) / 1000)
    : undefined;
}

/**
 * Adds an attempt that is about to be made and locks with the last one allowed. Counted before its result is known: of
 * many at the same time only as many are let through as may fail.
 */
export function withAttempt({ triedAt }: Attempts, rule: AttemptRule, now: Date): Attempts {
  const recent = triedAt.filter((at) => now.getTime() - at.getTime() < rule.withinMs);
  const all = [...recent, now];
  return {
    triedAt: all,
    lockedUntil: all.length >= rule.attemptsMax ? new Date(now.getTime() + rule.lockMs) : null,
  };
}

/** Takes back an attempt that was none after all, and the lock that only it had caused. */
export function withoutAttempt({ triedAt, lockedUntil }: Attempts, rule: AttemptRule): Attempts {
  const others = triedAt.slice(0, -1);
  return { triedAt: others, lockedUntil: others.length >= rule.attemptsMax ? lockedUntil : null };
}
