import { hash, randomInt } from "node:crypto";

const prefix = "dus_";
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const length = 40;
const pattern = new RegExp(`^${prefix}[A-Za-z0-9]{${length}}$`);

/**
 * A new token of a source: 40 characters of 5.95 bits each. The prefix tells whoever finds one in a log or a repository
 * what it is.
 */
export function newToken(): string {
  return prefix + Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** Whether a text may be a token at all, so that the database need not be asked about anything else. */
export function isToken(given: string): boolean {
  return pattern.test(given);
}

/**
 * What is stored of a token, and what it is looked up by. One round of SHA-256 is enough: a token has 238 random bits,
 * which nobody can try out, where a slow hash is for passwords that people choose.
 */
export function hashToken(token: string): Buffer {
  return hash("sha256", token, "buffer");
}
