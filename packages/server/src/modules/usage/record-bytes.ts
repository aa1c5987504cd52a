import { type Text, text } from "../../text.ts";
import type { UsageSource } from "../sources/source.ts";
import { type Members, found, isBlank, isGiven, refuse } from "./members.ts";
import { type AmountProblem, bytesMax, toBytes } from "./units.ts";
import type { RecordRefusal } from "./usage-record.ts";

/**
 * The bytes that a record's data say: `bytes_total`, or `value` with `unit`; where both are given they must be the same.
 * Negative only if `negativeAllowed`.
 */
export function readBytes(data: Members, source: UsageSource, negativeAllowed: boolean): number | RecordRefusal {
  const total = isGiven(data.bytes_total)
    ? readWholeBytes("bytes_total", data.bytes_total, negativeAllowed)
    : undefined;
  if (typeof total === "object") return total;
  if (!isGiven(data.value)) return total === undefined ? bytesMissing : (unitProblem(data.unit) ?? total);
  const bytes = readAmount(data.value, data.unit, source.unit);
  if (typeof bytes === "object") return bytes;
  if (bytes < 0 && !negativeAllowed) return negative("value", data.value);
  if (total !== undefined && total !== bytes)
    return refuse(
      "bytes_contradict",
      `bytes_total 为 ${total} 字节，而 value 换算后为 ${bytes} 字节；两者应一致，或只填其中一个`,
      `bytes_total says ${total} bytes and value comes to ${bytes}: make them agree, or leave one of them out`,
    );
  return bytes;
}

/** Reads a member that counts bytes: an integer or its digits, 1 PiB at most. */
export function readWholeBytes(member: string, value: unknown, negativeAllowed: boolean): number | RecordRefusal {
  if (isBlank(value)) return noValue(member);
  // 1.0 and 1e3 are integers here: JSON.parse does not tell them from 1 and 1000, and they say nothing else.
  const whole = typeof value === "string" && /^-?[0-9]{1,20}$/.test(value) ? Number(value) : value;
  if (typeof whole !== "number" || !Number.isInteger(whole)) return bytesWrong(member, value);
  if (Math.abs(whole) > bytesMax) return { hint: "bytes_too_large", reason: aboveMax(member, found(value)) };
  if (whole < 0 && !negativeAllowed) return negative(member, value);
  // JSON and its digits have a -0, which is not to become one here.
  return whole === 0 ? 0 : whole;
}

/** Reads `value` and `unit`. A JSON number is taken as the shortest decimal that is this number, which is what was sent. */
function readAmount(value: unknown, unit: unknown, sourceUnit: string | null): number | RecordRefusal {
  if (isBlank(value)) return noValue("value");
  if (isGiven(unit) && typeof unit !== "string") return amountRefusal("unit_unknown", value, unit);
  if (typeof value !== "string" && typeof value !== "number") return amountRefusal("value_wrong", value, unit);
  const written = typeof value === "string" ? value.trim() : String(value);
  const named = typeof unit === "string" && !isBlank(unit) ? unit.trim() : undefined;
  const bytes = toBytes(written, named, sourceUnit);
  return typeof bytes === "number" ? bytes : amountRefusal(bytes, value, named ?? unitWithin(written));
}

function unitWithin(written: string): string {
  return written.replace(/^[-0-9. ]+/, "");
}

/** `bytes_total` beside a unit: whoever writes that may mean megabytes. */
function unitProblem(unit: unknown): RecordRefusal | undefined {
  if (!isGiven(unit) || isBlank(unit) || (typeof unit === "string" && unit.toUpperCase() === "B")) return undefined;
  const { zh, en } = found(unit);
  return refuse(
    "unit_without_value",
    `unit 为${zh}，但没有 value：bytes_total 的单位始终是字节；请把带单位的数值填入 value，或去掉 unit`,
    `unit is ${en}, but there is no value: bytes_total is always in bytes; give a figure with a unit as value, or leave out unit`,
  );
}

const bytesMissing = refuse(
  "bytes_missing",
  "没有用量：请填写 bytes_total（字节数），或 value 与 unit",
  "there is no figure: give bytes_total, in bytes, or value and unit",
);

function noValue(member: string): RecordRefusal {
  return refuse(
    "no_value",
    `${member} 为空：表示运营商没有给出数值，并不等于 0；没有数值时请不要上报`,
    `${member} is blank: the carrier had no figure, which is not 0; send no record without one`,
  );
}

function bytesWrong(member: string, value: unknown): RecordRefusal {
  const { zh, en } = found(value);
  return refuse(
    "bytes_wrong",
    `${member}：${zh} 应为以字节计的整数（或其数字字符串），不能有小数、单位或科学计数法；带单位的数值请改用 value 与 unit`,
    `${member}: ${en} must be a whole number of bytes, or its digits as a string, without decimals, unit or exponent; a figure with a unit goes into value and unit`,
  );
}

function aboveMax(member: string, amount: Text): Text {
  return text(
    `${member}：${amount.zh} 超过单条记录的上限 1 PiB（${bytesMax} 字节），请检查单位`,
    `${member}: ${amount.en} is above 1 PiB (${bytesMax} bytes), the most that one record may say; check the unit`,
  );
}

function negative(member: string, value: unknown): RecordRefusal {
  const { zh, en } = found(value);
  return refuse(
    "bytes_negative",
    `${member}：${zh} 为负数；只有更正别的记录（填写 corrects）的增量可以为负，读数不可以`,
    `${member}: ${en} is negative; only a delta that corrects another record, named in corrects, may be, and a reading never`,
  );
}

/** What is said to each problem of an amount, given the amount and its unit. */
const amountReasons: Readonly<Record<AmountProblem, (amount: Text, unit: Text) => Text>> = {
  value_wrong: (amount) =>
    text(
      `value：${amount.zh} 应为十进制数，最多 9 位小数，例如 "12.34" 或 "12.34MB"，不能有千位分隔符或科学计数法；更精确的数值请换算成字节，填入 bytes_total`,
      `value: ${amount.en} must be a decimal number with at most nine decimals, such as "12.34" or "12.34MB", without thousands separators or exponent; what is more precise goes into bytes_total, in bytes`,
    ),
  unit_missing: (amount) =>
    text(
      `value：${amount.zh} 没有单位：请填写 unit，或为该来源设置默认单位`,
      `value: ${amount.en} has no unit: give unit, or have one set for this source`,
    ),
  unit_unknown: (_, unit) =>
    text(
      `unit：${unit.zh} 不是可用的单位，应为 B、KB、MB、GB、TB（1 KB 为 1024 字节）、KB-SI、MB-SI、GB-SI、TB-SI（1 KB 为 1000 字节）或 KiB、MiB、GiB、TiB`,
      `unit: ${unit.en} is none of B, KB, MB, GB, TB (1 KB is 1,024 bytes), KB-SI, MB-SI, GB-SI, TB-SI (1 KB is 1,000 bytes), KiB, MiB, GiB, TiB`,
    ),
  unit_contradicts: (amount, unit) =>
    text(
      `value：${amount.zh} 自带的单位与 unit ${unit.zh} 不一致，请只保留一个`,
      `value: ${amount.en} names another unit than unit, which is ${unit.en}: leave one of them out`,
    ),
  byte_fraction: (amount) =>
    text(
      `value：${amount.zh} 的单位是字节，不能有小数；请检查 unit`,
      `value: ${amount.en} is in bytes and has a fraction of one; check unit`,
    ),
  bytes_too_large: (amount) => aboveMax("value", amount),
};

function amountRefusal(problem: AmountProblem, value: unknown, unit: unknown): RecordRefusal {
  return { hint: problem, reason: amountReasons[problem](found(value), found(unit)) };
}
