import { createHash } from "node:crypto";

/** SHA-1 of the text's UTF-8 bytes, as upper-case hex. */
export function sha1UpperHex(text: string): string {
  return createHash("sha1").update(text, "utf8").digest("hex").toUpperCase();
}
