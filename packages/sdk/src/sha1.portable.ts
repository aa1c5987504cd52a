/**
 * SHA-1 of the text's UTF-8 bytes, as upper-case hex, by FIPS 180-4.
 *
 * For browsers: `crypto.subtle` is missing on pages served over plain HTTP and answers with a promise elsewhere,
 * while a signature is wanted synchronously everywhere.
 */
export function sha1UpperHex(text: string): string {
  const message = padded(new TextEncoder().encode(text));
  const words = new Uint32Array(80);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for (let block = 0; block < message.byteLength; block += 64) {
    addBlock(state, words, message, block);
  }
  return Array.from(state, (word) => word.toString(16).padStart(8, "0"))
    .join("")
    .toUpperCase();
}

/** The message, a 1 bit, zeros, and the length in bits as 64 bits, filling whole blocks of 64 bytes. */
function padded(bytes: Uint8Array): DataView {
  const message = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(message.length - 8, BigInt(bytes.length) * 8n);
  return view;
}

function addBlock(state: Uint32Array, words: Uint32Array, message: DataView, offset: number): void {
  for (let t = 0; t < 16; t++) words[t] = message.getUint32(offset + t * 4);
  for (let t = 16; t < 80; t++) {
    words[t] = rotateLeft(at(words, t - 3) ^ at(words, t - 8) ^ at(words, t - 14) ^ at(words, t - 16), 1);
  }

  let a = at(state, 0);
  let b = at(state, 1);
  let c = at(state, 2);
  let d = at(state, 3);
  let e = at(state, 4);
  for (let t = 0; t < 80; t++) {
    const next = (rotateLeft(a, 5) + mix(t, b, c, d) + e + at(words, t)) | 0;
    e = d;
    d = c;
    c = rotateLeft(b, 30);
    b = a;
    a = next;
  }

  // Storing into a Uint32Array is the addition modulo 2^32 that the standard asks for.
  state[0] = at(state, 0) + a;
  state[1] = at(state, 1) + b;
  state[2] = at(state, 2) + c;
  state[3] = at(state, 3) + d;
  state[4] = at(state, 4) + e;
}

/** The round's logical function plus its constant. */
function mix(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The compiler cannot see that every index above is within its array. */
function at(array: Uint32Array, index: number): number {
  return array[index] ?? 0;
}
