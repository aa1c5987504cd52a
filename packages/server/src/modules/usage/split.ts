/** No larger record is kept, the white space about it included: an event takes a few hundred bytes. */
export const recordBytesMax = 65_536;

/** How much is kept of what is no record, so that a person can recognise it. */
const excerptBytes = 1024;

/**
 * Why a piece of a body is no record: it is larger than `recordBytesMax`; the body ended within it; or the brackets about
 * the records do not match, so that nobody can say where the next one begins.
 */
export type PieceProblem = "too_large" | "cut_off" | "malformed";

/** What should be one record. Of one with a problem, `bytes` may be the beginning only. */
export interface Piece {
  /** Valid until the chunk that it came in is reused. */
  readonly bytes: Uint8Array;
  readonly problem?: PieceProblem;
}

/** Cuts a body into records, of which only one is ever held. Whether they are JSON is found by whoever reads them. */
export interface Splitter {
  /** The records that end within this part of the body, in their order. */
  push(chunk: Uint8Array): Generator<Piece>;
  /** What was left when the body ended. */
  end(): Generator<Piece>;
}

/** NDJSON: a record on every line. Lines end with LF or CR LF, the last one at the body's end; blank ones do not count. */
export function splitLines(): Splitter {
  const held = holdRecord();
  return {
    *push(chunk) {
      let from = 0;
      for (;;) {
        const lineEnd = chunk.indexOf(0x0a, from);
        if (lineEnd === -1) break;
        held.add(chunk.subarray(from, lineEnd));
        from = lineEnd + 1;
        const piece = held.take();
        if (piece.bytes.length > 0) yield piece;
      }
      held.add(chunk.subarray(from));
    },
    *end() {
      const piece = held.take();
      if (piece.bytes.length > 0) yield cutOffIfOpen(piece);
    },
  };
}

/**
 * A JSON array of records, or one record that is the whole body. A record of an array is all that stands between two
 * commas, so that rubbish about one record, or a comma too many, costs that record alone.
 */
export function splitJson(): Splitter {
  const held = holdRecord();
  const nesting: Nesting = { depth: 0, inString: false, escaped: false };
  let state: "start" | "single" | "array" | "closed" | "lost" = "start";
  let isFirst = true;

  /** The record that ends before the comma or bracket; none in an empty array. */
  function* endRecord(closing: boolean): Generator<Piece> {
    const piece = held.take();
    if (piece.bytes.length > 0 || !(closing && isFirst)) yield piece;
    isFirst = false;
  }

  return {
    *push(chunk) {
      let from = 0;
      while (from < chunk.length) {
        if (state === "single" || state === "lost") {
          held.add(chunk.subarray(from));
          return;
        }
        if (state !== "array") {
          from = skipSpace(chunk, from, state === "start");
          if (from === chunk.length) return;
          const opens = state === "start" && chunk[from] === 0x5b; /* [ */
          state = opens ? "array" : state === "start" ? "single" : "lost";
          if (opens) from++;
          continue;
        }
        const end = scan(chunk, from, nesting);
        held.add(chunk.subarray(from, end));
        const closing = chunk[end];
        if (end < chunk.length && closing !== 0x7d /* } */) {
          yield* endRecord(closing === 0x5d /* ] */);
          if (closing === 0x5d) state = "closed";
        } else if (end < chunk.length) {
          held.add(chunk.subarray(end, end + 1));
          state = "lost";
        }
        from = end + 1;
      }
    },
    *end() {
      if (state === "closed") return;
      const piece = held.take();
      // An empty body is a record that is not there, which the one who reads it refuses.
      if (state === "start") yield piece;
      else if (state === "single") yield cutOffIfOpen(piece);
      else if (state === "lost") yield { bytes: piece.bytes, problem: "malformed" };
      else if (nesting.depth > 0 || nesting.inString) yield { bytes: piece.bytes, problem: piece.problem ?? "cut_off" };
      else {
        if (piece.bytes.length > 0) yield piece;
        // Every record so far is whole, but the array was never closed: more may have been meant to follow.
        yield { bytes: new Uint8Array(), problem: "malformed" };
      }
    },
  };
}

/** Where in JSON's structure a scan is, from one part of the body to the next. */
interface Nesting {
  depth: number;
  inString: boolean;
  /** Whether the last byte was the backslash of an escape. */
  escaped: boolean;
}

/** Finds the next comma or closing bracket that is in no record; the chunk's length if there is none. */
function scan(chunk: Uint8Array, from: number, nesting: Nesting): number {
  let { depth, inString, escaped } = nesting;
  let at = from;
  for (; at < chunk.length; at++) {
    const byte = chunk[at];
    if (inString) {
      if (escaped) escaped = false;
      else if (byte === 0x5c /* \ */) escaped = true;
      else if (byte === 0x22 /* " */) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b /* { */ || byte === 0x5b /* [ */) depth++;
    else if (byte === 0x7d /* } */ || byte === 0x5d /* ] */) {
      if (depth === 0) break;
      depth--;
    } else if (byte === 0x2c /* , */ && depth === 0) break;
  }
  nesting.depth = depth;
  nesting.inString = inString;
  nesting.escaped = escaped;
  return at;
}

/** The last piece of a body that may have been cut off: its string or brackets are still open then. */
function cutOffIfOpen(piece: Piece): Piece {
  if (piece.problem !== undefined) return piece;
  const nesting: Nesting = { depth: 0, inString: false, escaped: false };
  for (let at = 0; at < piece.bytes.length; at++) at = scan(piece.bytes, at, nesting);
  return nesting.depth > 0 || nesting.inString ? { bytes: piece.bytes, problem: "cut_off" } : piece;
}

/** Holds the parts of one record; once they are too many, only their beginning. */
function holdRecord(): { add(bytes: Uint8Array): void; take(): Piece } {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    add(bytes) {
      if (bytes.length === 0) return;
      const fitted = size <= recordBytesMax;
      size += bytes.length;
      if (size <= recordBytesMax) parts.push(bytes);
      // Copied, since a view would keep the whole chunk.
      else if (fitted) parts = [Buffer.concat([...parts, bytes.subarray(0, excerptBytes)]).slice(0, excerptBytes)];
    },
    take() {
      const [first] = parts;
      const bytes = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts);
      const isTooLarge = size > recordBytesMax;
      parts = [];
      size = 0;
      return isTooLarge ? { bytes, problem: "too_large" } : { bytes: trim(bytes) };
    },
  };
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function trim(bytes: Uint8Array): Uint8Array {
  let from = 0;
  let to = bytes.length;
  while (from < to && isSpace(bytes[from])) from++;
  while (to > from && isSpace(bytes[to - 1])) to--;
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}

/** Behind white space and, where it is allowed, the byte order mark, which .NET's default UTF-8 writer puts in front. */
function skipSpace(chunk: Uint8Array, from: number, markAllowed: boolean): number {
  let at = from;
  while (at < chunk.length) {
    const byte = chunk[at];
    if (!isSpace(byte) && !(markAllowed && (byte === 0xef || byte === 0xbb || byte === 0xbf))) break;
    at++;
  }
  return at;
}
