/**
 * Arrays of a query's parameters in PostgreSQL's binary format, which the driver sends as they are. For thousands of values
 * at once: as text each is quoted here and parsed there, which takes several times as long.
 */

/** `text[]`. */
export function textArray(values: readonly string[]): Buffer {
  // Three bytes at most for each of a string's 16-bit units.
  const bytesMax = values.reduce((sum, { length }) => sum + lengthBytes + 3 * length, headerBytes);
  const buffer = startArray(25, values.length, bytesMax);
  let at = headerBytes;
  for (const value of values) {
    const bytes = buffer.write(value, at + lengthBytes, "utf8");
    buffer.writeInt32BE(bytes, at);
    at += lengthBytes + bytes;
  }
  return buffer.subarray(0, at);
}

/** `integer[]`. */
export function integerArray(values: readonly number[]): Buffer {
  return array32(23, values);
}

/** `bigint[]`, of numbers that are exact. */
export function bigintArray(values: readonly number[]): Buffer {
  return array64(20, values);
}

/** `date[]`, of days since 1970-01-01. */
export function dateArray(days: readonly number[]): Buffer {
  return array32(
    1082,
    days.map((day) => day - daysTo2000),
  );
}

/** `timestamptz[]`, of microseconds since the epoch; exact for all moments after 1714. */
export function timestamptzArray(microseconds: readonly number[]): Buffer {
  return array64(
    1184,
    microseconds.map((us) => us - daysTo2000 * 86_400_000_000),
  );
}

/** PostgreSQL counts from 2000-01-01. */
const daysTo2000 = 10_957;

/** How many dimensions, whether there are nulls, the elements' type; of the one dimension its length and first index. */
const headerBytes = 20;
/** Before each element. */
const lengthBytes = 4;

function startArray(elementType: number, length: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  buffer.writeInt32BE(1, 0);
  buffer.writeInt32BE(0, 4);
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer;
}

function array32(elementType: number, values: readonly number[]): Buffer {
  const buffer = startArray(elementType, values.length, headerBytes + values.length * (lengthBytes + 4));
  let at = headerBytes;
  for (const value of values) {
    at = buffer.writeInt32BE(4, at);
    at = buffer.writeInt32BE(value, at);
  }
  return buffer;
}

function array64(elementType: number, values: readonly number[]): Buffer {
  const buffer = startArray(elementType, values.length, headerBytes + values.length * (lengthBytes + 8));
  let at = headerBytes;
  for (const value of values) {
    const high = Math.floor(value / 0x1_0000_0000);
    at = buffer.writeInt32BE(8, at);
    at = buffer.writeInt32BE(high, at);
    at = buffer.writeUInt32BE(value - high * 0x1_0000_0000, at);
  }
  return buffer;
}
