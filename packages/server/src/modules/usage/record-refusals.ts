import type { UsageSource } from "../sources/source.ts";
import { eventType, found, isGiven, refuse } from "./members.ts";
import type { RecordRefusal } from "./usage-record.ts";

/** What a record is refused with, but for its bytes: see record-bytes.ts. */

export const idLengthMax = 256;
export const attributeLengthMax = 100;

/** No carrier's period is longer than a month; a day more, for a month that a change of the clocks makes longer. */
export const periodDaysMax = 32;

export const idMissing = refuse(
  "id_missing",
  "缺少 id：请为每条记录填写该来源内唯一的 id，重发时保持不变",
  "id is missing: give every record one that is unique within the source, and the same when it is sent again",
);

export function idNotText(id: unknown): RecordRefusal {
  const { zh, en } = found(id);
  return refuse(
    "id_not_text",
    `id：${zh} 应为字符串，请加上引号：数字过长时会丢失末尾数位`,
    `id: ${en} must be a string; put it in quotes: numbers that are long enough lose their last digits on the way`,
  );
}

export const correctsItself = refuse(
  "corrects_itself",
  "corrects 与记录自身的 id 相同：更正是一条新记录，应有自己的 id，并在 corrects 中填写被更正记录的 id",
  "corrects is the record's own id: a correction is a new record with an id of its own, and names in corrects the one that it corrects",
);

export const endBeforeStart = refuse(
  "end_before_start",
  "end 早于 start，请检查两者是否颠倒，以及时区偏移是否正确",
  "end is before start: check whether they are swapped, and their offsets",
);

export const periodTooLong = refuse(
  "period_too_long",
  `start 到 end 超过 ${periodDaysMax} 天：一条增量只计入一个账期，请按天或更短的时段拆分`,
  `from start to end it is more than ${periodDaysMax} days: a delta belongs to one billing month, so split it by day or finer`,
);

export function attributeWrong(name: string, value: unknown): RecordRefusal {
  const { zh, en } = found(value);
  return refuse(
    "attribute_wrong",
    `${name}：${zh} 应为不超过 ${attributeLengthMax} 个字符的文本，不含控制字符`,
    `${name}: ${en} must be a text of at most ${attributeLengthMax} characters, none of them a control character`,
  );
}

export function notJson(error: unknown): RecordRefusal {
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  if (position === undefined) return refuse("not_json", "记录不是有效的 JSON", "the record is not valid JSON");
  const at = Number(position) + 1;
  return refuse(
    "not_json",
    `记录不是有效的 JSON（第 ${at} 个字符处）`,
    `the record is not valid JSON (at character ${at})`,
  );
}

export function notAnObject(event: unknown): RecordRefusal {
  const { zh, en } = found(event);
  return refuse(
    "not_an_object",
    `记录应为 JSON 对象（CloudEvents 1.0），收到的是${zh}`,
    `a record must be a JSON object, a CloudEvent 1.0, and is ${en}`,
  );
}

export function specversionWrong(specversion: unknown): RecordRefusal {
  const { zh, en } = found(specversion);
  return refuse(
    "specversion_wrong",
    isGiven(specversion) ? `specversion：${zh} 应为 "1.0"` : '缺少 specversion，应为 "1.0"',
    isGiven(specversion) ? `specversion: ${en} must be "1.0"` : 'specversion is missing; it must be "1.0"',
  );
}

export function sourceMismatch(from: unknown, source: UsageSource): RecordRefusal {
  const { zh, en } = found(from);
  return refuse(
    "source_mismatch",
    `source：${zh} 与令牌所属的来源 ${source.name} 不符：应为 ${source.name} 或以 /${source.name} 结尾，也可以不填；请检查令牌是否用错`,
    `source: ${en} is not ${source.name}, whose token this is: it must be that or end in /${source.name}, or may be left out; check that the token is the right one`,
  );
}

export function kindMismatch(source: UsageSource): RecordRefusal {
  const [zh, en] = source.kind === "delta" ? ["增量", "deltas"] : ["读数", "readings"];
  return refuse(
    "kind_mismatch",
    `来源 ${source.name} 上报的是${zh}，type 应为 ${eventType(source.kind)}；两种都有时请分别建立来源`,
    `the source ${source.name} sends ${en}, so type must be ${eventType(source.kind)}; whoever sends both needs two sources`,
  );
}

export function typeWrong(type: unknown): RecordRefusal {
  const expected = [eventType("delta"), eventType("reading")] as const;
  if (!isGiven(type))
    return refuse(
      "type_wrong",
      `缺少 type，应为 ${expected.join(" 或 ")}`,
      `type is missing; it must be ${expected.join(" or ")}`,
    );
  const { zh, en } = found(type);
  return refuse(
    "type_wrong",
    `type：${zh} 应为 ${expected.join(" 或 ")}`,
    `type: ${en} must be ${expected.join(" or ")}`,
  );
}

export function subjectWrong(subject: unknown): RecordRefusal {
  if (!isGiven(subject) || subject === "")
    return refuse(
      "subject_wrong",
      "缺少 subject：请填写卡号、ICCID、IMSI 或 MSISDN",
      "subject is missing: give the card's serial_no, ICCID, IMSI or MSISDN",
    );
  const { zh, en } = found(subject);
  if (typeof subject === "number")
    return refuse(
      "subject_wrong",
      `subject：${zh} 应为字符串，请加上引号：作为数字，号码会丢失开头的 0 和末尾的数位`,
      `subject: ${en} must be a string; put it in quotes: as a number it loses leading zeros and last digits`,
    );
  if (typeof subject === "string" && /^[0-9]+(\.[0-9]+)?[Ee][+-]?[0-9]+$/.test(subject.trim()))
    return refuse(
      "subject_wrong",
      `subject：${zh} 是科学计数法，原来的数字已丢失；请从原始数据重新导出，并先把该列设为“文本”格式`,
      `subject: ${en} is in scientific notation, which gave up the digits; export it again from the source, with the column as text`,
    );
  return refuse(
    "subject_wrong",
    `subject：${zh} 应为 1 到 32 位数字或字母（卡号、ICCID、IMSI 或 MSISDN），不含空格和符号`,
    `subject: ${en} must be 1 to 32 digits or letters (a serial_no, ICCID, IMSI or MSISDN), without spaces and signs`,
  );
}

export function idWrong(member: "id" | "corrects", id: unknown): RecordRefusal {
  const { zh, en } = found(id);
  return refuse(
    `${member}_wrong`,
    `${member}：${zh} 应为 1 到 ${idLengthMax} 个字符的字符串，不含控制字符和残缺字符`,
    `${member}: ${en} must be a string of 1 to ${idLengthMax} characters, none of them a control character or half a character`,
  );
}

export function dataWrong(data: unknown): RecordRefusal {
  if (!isGiven(data))
    return refuse("data_wrong", "缺少 data：请在其中填写用量", "data is missing: the usage goes into it");
  const { zh, en } = found(data);
  return refuse(
    "data_wrong",
    `data：${zh} 应为 JSON 对象，不能是包含 JSON 的字符串`,
    `data: ${en} must be a JSON object, not a string that holds one`,
  );
}

/** What is wrong with a time that was not read. */
export function timeProblem(member: string, value: unknown): RecordRefusal {
  if (!isGiven(value))
    return refuse(
      "time_missing",
      `缺少 ${member}，例如 2026-11-24T01:02:03+08:00`,
      `${member} is missing; write it like 2026-11-24T01:02:03+08:00`,
    );
  const { zh, en } = found(value);
  if (
    typeof value === "string" &&
    /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?$/.test(value)
  )
    return refuse(
      "time_without_offset",
      `${member}：${zh} 没有时区偏移，无法确定是哪一刻；北京时间请写成 2026-11-24T01:02:03+08:00`,
      `${member}: ${en} has no offset, so it could be any of a day's moments; write 2026-11-24T01:02:03+08:00, or Z for UTC`,
    );
  return refuse(
    "time_wrong",
    `${member}：${zh} 应为真实存在的 RFC 3339 时间，例如 2026-11-24T01:02:03+08:00（小时为 00 到 23）`,
    `${member}: ${en} must be an RFC 3339 time that exists, such as 2026-11-24T01:02:03+08:00, its hour 00 to 23`,
  );
}
