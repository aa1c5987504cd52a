import type { Translate } from "../../shared/language.tsx";

type Words = readonly [nameZh: string, nameEn: string, mendZh: string, mendEn: string];

/** The stable words of reasons: what each is called, and what whoever sends the records has to change. */
const hints: Readonly<Record<string, Words>> = {
  not_json: [
    "不是有效的 JSON",
    "Not valid JSON",
    "每条记录应为一个 UTF-8 编码的 JSON 对象",
    "Each record must be one JSON object in UTF-8",
  ],
  not_an_object: [
    "不是 JSON 对象",
    "Not a JSON object",
    "每条记录应为一个 UTF-8 编码的 JSON 对象",
    "Each record must be one JSON object in UTF-8",
  ],
  utf8_invalid: [
    "不是有效的 UTF-8",
    "Not valid UTF-8",
    "每条记录应为一个 UTF-8 编码的 JSON 对象",
    "Each record must be one JSON object in UTF-8",
  ],
  record_too_large: [
    "记录过大",
    "Too large",
    "一条记录最大 65,536 字节，前后的空白也算在内",
    "A record has 65,536 bytes at most, white space about it included",
  ],
  record_cut_off: [
    "记录不完整",
    "Cut off",
    "请求体在这条记录中间结束了：请重发它和其后的记录",
    "The body ended within it: send it and what follows again",
  ],
  body_malformed: [
    "请求体格式混乱",
    "Body malformed",
    "从此处起括号不配对，或数组没有结束，后面的记录无法划分：请修正后整体重发",
    "The brackets do not match from here on, or the array is never closed: mend it and send all of it again",
  ],
  specversion_wrong: ["specversion 有误", "specversion wrong", '应为字符串 "1.0"', 'It must be "1.0", as a string'],
  type_wrong: [
    "type 有误",
    "type wrong",
    "应为 usage.data.delta 或 usage.data.reading",
    "It must be usage.data.delta or usage.data.reading",
  ],
  kind_mismatch: [
    "与来源类型不符",
    "The other kind",
    "这个来源上报的是另一种；两种都有时请分别建立来源",
    "This source sends the other kind; whoever sends both needs two sources",
  ],
  source_mismatch: [
    "写的是别的来源",
    "Another source",
    "多半是用错了令牌，请核对",
    "Probably another source's token: check it",
  ],
  id_missing: [
    "缺少 id",
    "id missing",
    "请填写来源内唯一的 id，重发时保持不变",
    "Give it an id that is unique within the source and stays the same when it is sent again",
  ],
  id_not_text: [
    "id 不是字符串",
    "id not a string",
    "id 应为字符串，即使是数字也要加引号",
    "It must be a string, in quotes even if it is a number",
  ],
  id_wrong: [
    "id 有误",
    "id wrong",
    "id 应为 1 到 256 个字符的字符串，不含控制字符",
    "It must be a string of 1 to 256 characters without control characters",
  ],
  id_mangled: [
    "id 丢失数位",
    "id lost its digits",
    "CSV 中的 1.2E+15 是 Excel 弄丢了数位：请把该列设为“文本”格式，重新导出",
    "1.2E+15 was many ids before Excel had it: format the column as text and export it again",
  ],
  id_reused: ["id 已用于别的记录", "id used before", "每条记录应有自己的 id", "Every record needs an id of its own"],
  data_wrong: [
    "data 有误",
    "data wrong",
    "应为对象，不能是装着 JSON 的字符串",
    "It must be an object, not a string that holds one",
  ],
  cells_wrong: [
    "单元格数不对",
    "Wrong number of cells",
    "CSV 每行的单元格数应与第一行相同",
    "Each line of a CSV must have as many cells as the first",
  ],
  subject_wrong: [
    "subject 有误",
    "subject wrong",
    "应为卡号、ICCID、IMSI 或 MSISDN，须为字符串，不能有空格、+ 或科学计数法",
    "It must be a serial_no, ICCID, IMSI or MSISDN as a string: no spaces, no +, no scientific notation",
  ],
  card_unknown: [
    "没有这张卡",
    "No such card",
    "导入这张卡后，记录会自动计入",
    "Once the card is imported the record counts by itself",
  ],
  card_ambiguous: [
    "号码对应多张卡",
    "Several cards",
    "多张卡是这个号码：请上报方改用卡号或 ICCID，或改正卡的资料",
    "Several cards have this number: have the card number or ICCID sent, or correct the cards",
  ],
  time_missing: [
    "缺少时间",
    "Time missing",
    "增量填写 start 和 end，读数填写 read_at",
    "A delta needs start and end, a reading read_at",
  ],
  time_without_offset: ["时间没有时区", "Time without offset", "时间须带时区：补上 +08:00 或 Z", "Add +08:00 or Z"],
  time_wrong: [
    "时间格式有误",
    "Time wrong",
    "写成 2026-11-24T01:02:03+08:00，中间是 T；日期须真实存在，小时为 00 到 23",
    "Write 2026-11-24T01:02:03+08:00, with the T; a date that exists, an hour from 00 to 23",
  ],
  end_before_start: [
    "end 早于 start",
    "end before start",
    "多半是两者颠倒，或时区偏移不一致",
    "Probably swapped, or two different offsets",
  ],
  period_too_long: [
    "时段过长",
    "Period too long",
    "超过 32 天：请按天或更短的时段拆分",
    "More than 32 days: split it by day or finer",
  ],
  too_old: [
    "账期过旧",
    "Too old",
    "属于 12 个月以前的账期，不再接收",
    "Of a billing month more than 12 months back, which is not taken in any more",
  ],
  too_new: [
    "时间超前",
    "Too new",
    "时间比服务器晚一小时以上：请校准时钟，检查时区",
    "Its time is more than an hour ahead of the server's: set the clock, check the offset",
  ],
  bytes_missing: [
    "缺少用量",
    "Figure missing",
    "填写 bytes_total，或 value 及单位",
    "Give bytes_total, or value with its unit",
  ],
  no_value: [
    "用量为空",
    "No figure",
    "值为空说明运营商没有给出数值，并不等于 0；没有数值时请不要上报",
    "Blank: the carrier had no figure, which is not 0. Send no record then",
  ],
  bytes_wrong: [
    "字节数有误",
    "Bytes wrong",
    "应为以字节计的整数，不能有单位、小数或科学计数法",
    "A whole number of bytes without unit, decimals or exponent",
  ],
  bytes_negative: [
    "用量为负",
    "Below zero",
    "只有填了 corrects 的增量可以为负，读数一律不可以",
    "Only a delta with corrects may be below 0, a reading never",
  ],
  bytes_too_large: [
    "用量大得不合理",
    "Absurdly large",
    "超过 1 PiB（2^50 字节）：请检查单位",
    "More than 1 PiB (2^50 bytes): check the unit",
  ],
  bytes_contradict: [
    "两个用量不一致",
    "Two figures differ",
    "bytes_total 与 value 不一致：请只填一个",
    "bytes_total and value say different things: leave one out",
  ],
  value_wrong: [
    "value 有误",
    "value wrong",
    '应为十进制数，最多 9 位小数，例如 "12.34"，不能有千位分隔符或科学计数法',
    'A decimal number with at most nine decimals, such as "12.34", without thousands separators and exponent',
  ],
  unit_missing: [
    "缺少单位",
    "Unit missing",
    "记录没有写单位，来源也没有默认单位",
    "Neither the record nor its source names one",
  ],
  unit_unknown: [
    "单位无法识别",
    "Unit unknown",
    "请改用 B、KB、MB、GB、TB，或带 -SI 的十进制单位",
    "Use B, KB, MB, GB or TB, or a decimal one with -SI",
  ],
  unit_contradicts: [
    "两个单位不一致",
    "Two units differ",
    '"12.34MB" 与 unit 不一致：请只保留一个',
    '"12.34MB" beside another unit: leave one out',
  ],
  unit_without_value: [
    "字节数带了单位",
    "Unit beside bytes",
    "bytes_total 的单位始终是字节，不能再写别的 unit",
    "bytes_total is always in bytes: leave out the unit",
  ],
  byte_fraction: [
    "不足一字节",
    "Fraction of a byte",
    "以字节为单位却有小数，多半是单位写错了",
    "A fraction of a byte: probably another unit",
  ],
  attribute_wrong: [
    "附加字段有误",
    "Attribute wrong",
    "apn 等应为不超过 100 个字符的文本，不含控制字符",
    "apn and the like must be text of at most 100 characters without control characters",
  ],
  corrects_wrong: [
    "corrects 有误",
    "corrects wrong",
    "应为另一条记录的 id，字符串",
    "It must be the id of another record, as a string",
  ],
  corrects_itself: [
    "corrects 指向自己",
    "Corrects itself",
    "更正是一条新记录，应有自己的 id，并在 corrects 中填写被更正记录的 id",
    "A correction is a new record with an id of its own, and names the other one in corrects",
  ],
};

export const hintNames: readonly string[] = Object.keys(hints);

/** What a hint is called; one that is not known here, of a newer server, is shown as it is. */
export function hintName(hint: string, t: Translate): string {
  const words = hints[hint];
  return words === undefined ? hint : t(words[0], words[1]);
}

/** What is to be changed where the records come from. */
export function mending(hint: string, t: Translate): string | undefined {
  const words = hints[hint];
  return words === undefined ? undefined : t(words[2], words[3]);
}
