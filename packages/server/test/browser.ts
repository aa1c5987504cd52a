import { createHmac } from "node:crypto";
import { clientAddressHeader } from "../src/modules/staff/better-auth.ts";
import type { SignIn, SignedIn } from "../src/modules/staff/sign-in.ts";

/** What a browser was answered. */
export interface BrowserAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A browser at the console, as far as sign-in is concerned: it keeps cookies and says where its pages come from. */
export interface Browser {
  /** Its cookies, by name, as it would send them. */
  readonly cookies: Map<string, string>;
  /** Posts to one of better-auth's routes: `/sign-in/email`. */
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<BrowserAnswer>;
  signIn(email: string, password: string): Promise<BrowserAnswer>;
  whoAmI(): Promise<SignedIn | undefined>;
  /** The headers that it sends with everything. */
  headers(): Headers;
}

export function openBrowser(
  signIn: SignIn,
  { origin = "https://iot.example.com", address = "203.0.113.7" }: { origin?: string; address?: string } = {},
): Browser {
  const cookies = new Map<string, string>();

  function headers(): Headers {
    const sent = new Headers({
      origin,
      "sec-fetch-site": "same-origin",
      "accept-language": "en",
      "user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36",
      [clientAddressHeader]: address,
    });
    if (cookies.size > 0) sent.set("cookie", [...cookies].map(([name, value]) => `${name}=${value}`).join("; "));
    return sent;
  }

  const post: Browser["post"] = async (path, body, more = {}) => {
    const sent = headers();
    if (body !== undefined) sent.set("content-type", "application/json");
    for (const [name, value] of Object.entries(more)) sent.set(name, value);
    const response = await signIn.handle(
      new Request(`${origin}/console/api/auth${path}`, {
        method: "POST",
        headers: sent,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    );
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/; Max-Age=0/.test(cookie)) cookies.delete(name);
      else cookies.set(name, value);
    }
    // The tests that read a member of it fail if it is not there.
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as BrowserAnswer["body"],
    };
  };

  return {
    cookies,
    post,
    signIn: (email, password) => post("/sign-in/email", { email, password }),
    whoAmI: () => signIn.signedIn(headers()),
    headers,
  };
}

/** The code that an authenticator app shows at a moment for what it has read from a QR code (RFC 6238). */
export function authenticatorCode(totpUri: string, atMs: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(atMs / 30_000)));
  const digest = createHmac("sha1", base32(new URL(totpUri).searchParams.get("secret") ?? ""))
    .update(counter)
    .digest();
  const offset = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, "0");
}

function base32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"),
  );
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
