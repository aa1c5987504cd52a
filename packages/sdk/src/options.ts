/** What `createClient` takes. */
export interface ClientOptions {
  /** Where the platform is, such as `https://api.example.com`. A path prefix is kept. */
  readonly baseUrl: string;
  /** `iot` and 20 lower-case letters and digits. */
  readonly clientId: string;
  /** Stays in the client: it is neither sent nor shown. */
  readonly clientSecret: string;
  /** The language of error messages. The platform's default is Chinese. */
  readonly language?: "zh" | "en" | undefined;
  /** How long one attempt may take, its whole answer included. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a call is repeated after a failure that may pass. Default 2; 0 for none. */
  readonly retriesMax?: number | undefined;
  /** Used in place of the global `fetch`, for a proxy or an agent. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** The clock, in Unix milliseconds. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** A number from 0 up to 1 that spreads the retries. Default `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Waits before a retry, and rejects with the signal's reason if that aborts first. */
  readonly delay?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
}

/** The options, checked and completed. */
export interface Settings {
  readonly baseUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly language: "zh" | "en" | undefined;
  readonly timeoutMs: number;
  readonly retriesMax: number;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly random: () => number;
  readonly delay: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Timers of all runtimes count milliseconds in 31 bits; a longer one would fire at once. */
const timeoutMsMax = 2 ** 31 - 1;

/** @throws {TypeError} naming the option that is wrong and what it should be; never showing the secret. */
export function checkOptions(options: ClientOptions): Settings {
  const { timeoutMs = 10_000, retriesMax = 2, language } = options;
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > timeoutMsMax) {
    throw new TypeError(
      `timeoutMs is ${timeoutMs}: give whole milliseconds from 1 to ${timeoutMsMax}. A call cannot go without a time-out.`,
    );
  }
  if (!Number.isSafeInteger(retriesMax) || retriesMax < 0) {
    throw new TypeError(`retriesMax is ${retriesMax}: give a whole number, 0 for no retries.`);
  }
  if (language !== undefined && language !== "zh" && language !== "en") {
    throw new TypeError(`language is ${JSON.stringify(language)}: give "zh" or "en".`);
  }
  return {
    baseUrl: checkBaseUrl(options.baseUrl),
    clientId: checkClientId(options.clientId),
    clientSecret: checkClientSecret(options.clientSecret),
    language,
    timeoutMs,
    retriesMax,
    // Called through globalThis: browsers refuse a fetch that has become another object's method.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    now: options.now ?? Date.now,
    random: options.random ?? Math.random,
    delay: options.delay ?? delay,
  };
}

/** The address without slashes at its end, since every operation's path begins with one. */
function checkBaseUrl(baseUrl: unknown): string {
  const url = typeof baseUrl === "string" && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new TypeError(
      `baseUrl is not an address: give one that starts with http:// or https://, such as "https://api.example.com".`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw new TypeError("baseUrl contains a user name or password, which fetch refuses: remove them.");
  }
  if (url.search !== "" || url.hash !== "") {
    throw new TypeError('baseUrl contains "?" or "#": give the address alone.');
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function checkClientId(clientId: unknown): string {
  if (typeof clientId !== "string" || !/^iot[a-z0-9]{20}$/.test(clientId)) {
    throw new TypeError(`clientId is malformed: it is "iot" followed by 20 lower-case letters and digits.`);
  }
  return clientId;
}

function checkClientSecret(clientSecret: unknown): string {
  if (typeof clientSecret !== "string" || clientSecret === "") {
    throw new TypeError("clientSecret is empty: give the secret that came with the clientId.");
  }
  // Every signature would be wrong, and the usual cause, a line break from a file or a form, cannot be seen.
  if (clientSecret.trim() !== clientSecret) {
    throw new TypeError("clientSecret begins or ends with white space: remove it.");
  }
  return clientSecret;
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
