/** How long a session that nobody uses stays open, and how long any does. */
const idleSessionMs = 12 * 3_600_000;
export const sessionMaxSeconds = 7 * 86_400;

/** The moments by which a session is known to be open. */
export interface SessionMoments {
  readonly now: Date;
  /** A session last used before has ended. */
  readonly idleSince: Date;
}

export function sessionMoments(nowMs: number): SessionMoments {
  return { now: new Date(nowMs), idleSince: new Date(nowMs - idleSessionMs) };
}

/** When a session will have ended if it is not used any more. */
export function sessionEnd(lastSeenAt: Date, expiresAt: Date): Date {
  return new Date(Math.min(lastSeenAt.getTime() + idleSessionMs, expiresAt.getTime()));
}

const browsers: readonly (readonly [RegExp, string])[] = [
  [/MicroMessenger\//, "WeChat"],
  [/Edg(?:e|A|iOS)?\//, "Edge"],
  [/(?:OPR|Opera)\//, "Opera"],
  [/(?:Firefox|FxiOS)\//, "Firefox"],
  [/(?:Chrome|CriOS)\//, "Chrome"],
  [/Safari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/HarmonyOS|OpenHarmony/, "HarmonyOS"],
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux|X11/, "Linux"],
];

/** What a person calls the device that a User-Agent header tells of: "Chrome, Windows". Null if nothing is known. */
export function deviceOf(userAgent: string | null): string | null {
  const named = [browsers, systems].flatMap(
    (known) => known.find(([pattern]) => pattern.test(userAgent ?? ""))?.[1] ?? [],
  );
  return named.length === 0 ? null : named.join(", ");
}
