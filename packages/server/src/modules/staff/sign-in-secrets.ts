import { createHmac, timingSafeEqual } from "node:crypto";
import type { SecretConfig } from "better-auth/crypto";
import type { MasterKeys } from "../clients/master-key.ts";

/** What cookies are signed and second factors are encrypted with. */
export interface SignInSecrets {
  /** What signs cookies. Another one after a rotation of the master key, which ends all sessions. */
  readonly current: string;
  /** All that may be needed to decrypt; the version says which, the first encrypts. */
  readonly versions: readonly { readonly version: number; readonly value: string }[];
}

/**
 * From the master keys, so that every process has the same ones and nothing more has to be configured. A version is the
 * number that a key's id is in hexadecimal.
 */
export function signInSecrets(keys: MasterKeys): SignInSecrets {
  const derived = keys.derive("staff sign-in");
  const versions = derived.map(({ keyId, key }) => ({ version: Number.parseInt(keyId, 16), value: key }));
  return { current: derived[0].key, versions };
}

/** The same as better-auth's functions for encryption want it. */
export function secretConfig({ versions }: SignInSecrets): SecretConfig {
  return {
    keys: new Map(versions.map(({ version, value }) => [version, value])),
    currentVersion: versions[0]?.version ?? 0,
  };
}

/** Whether something was encrypted under the secret that encrypts now; better-auth writes the version before it. */
export function isEncryptedUnderCurrent(encrypted: string, { versions }: SignInSecrets): boolean {
  return encrypted.startsWith(`$ba$${versions[0]?.version}$`);
}

/** A cookie that better-auth has signed, as the browser sent it, and what was signed. */
export interface SignedCookie {
  readonly header: string;
  readonly value: string;
}

/**
 * The cookie of a name if it is there and was signed with a secret. Behind TLS its name has a prefix, which the browser
 * sees to; that one goes first.
 */
export function signedCookie(headers: Headers, name: string, secret: string): SignedCookie | undefined {
  const pairs = (headers.get("cookie") ?? "").split(";").map((pair) => pair.trim());
  for (const prefix of [`__Secure-${name}=`, `${name}=`]) {
    const header = pairs.find((pair) => pair.startsWith(prefix));
    const value = header === undefined ? undefined : verified(header.slice(prefix.length), secret);
    if (header !== undefined && value !== undefined) return { header, value };
  }
  return undefined;
}

/** What was signed: the value, a dot, and the Base64 of its HMAC-SHA256, percent-encoded. */
function verified(encoded: string, secret: string): string | undefined {
  const decoded = decode(encoded);
  const dot = decoded.lastIndexOf(".");
  if (dot < 1) return undefined;
  const value = decoded.slice(0, dot);
  const given = Buffer.from(decoded.slice(dot + 1), "base64");
  const right = createHmac("sha256", secret).update(value).digest();
  return given.length === right.length && timingSafeEqual(given, right) ? value : undefined;
}

function decode(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return "";
  }
}
