import type { Sentence } from "./refusals.ts";

/** A character that is not seen, or not seen for what it is. */
export interface Mark {
  /** What is shown in its place; undefined where the character itself is, since it can be seen. */
  readonly symbol: string | undefined;
  readonly name: Sentence;
  /** Such as U+00A0. */
  readonly code: string;
  /** A plain space is usual in a value; everything else is worth a look. */
  readonly usual: boolean;
}

/** A stretch of ordinary text, or one marked character. */
export interface Run {
  readonly text: string;
  readonly mark: Mark | undefined;
}

/** How often a marked character occurs, and where first, counted in characters from 1. */
export interface Occurrence {
  readonly mark: Mark;
  readonly count: number;
  readonly first: number;
}

/** Code point: what is shown for it, and its names. */
const invisible: Readonly<Record<number, readonly [symbol: string, zh: string, en: string]>> = {
  0x09: ["TAB", "制表符", "tab"],
  0x0a: ["LF", "换行", "line feed"],
  0x0d: ["CR", "回车", "carriage return"],
  0x20: ["·", "空格", "space"],
  0x7f: ["DEL", "控制字符 DEL", "control character DEL"],
  0xa0: ["NBSP", "不换行空格", "no-break space"],
  0xad: ["SHY", "软连字符", "soft hyphen"],
  0x200b: ["ZWSP", "零宽空格", "zero-width space"],
  0x200c: ["ZWNJ", "零宽不连字", "zero-width non-joiner"],
  0x200d: ["ZWJ", "零宽连字", "zero-width joiner"],
  0x200e: ["LRM", "从左到右标记", "left-to-right mark"],
  0x200f: ["RLM", "从右到左标记", "right-to-left mark"],
  0x2028: ["LS", "行分隔符", "line separator"],
  0x2029: ["PS", "段分隔符", "paragraph separator"],
  0x2060: ["WJ", "零宽词连接符", "word joiner"],
  0x3000: ["全角空格", "全角空格", "full-width space"],
  0xfeff: ["BOM", "字节顺序标记", "byte order mark"],
};

/** Code point: what it is taken for, and its names. Full-width forms, which lie in one row, are not listed. */
const lookAlikes: Readonly<Record<number, readonly [zh: string, en: string]>> = {
  0xd7: ["乘号，HTML 中的 &times", "multiplication sign, &times in HTML"],
  0x2010: ["连字符，形似 “-”", 'hyphen that looks like "-"'],
  0x2011: ["不换行连字符，形似 “-”", 'no-break hyphen that looks like "-"'],
  0x2013: ["短破折号，形似 “-”", 'en dash that looks like "-"'],
  0x2014: ["破折号，形似 “-”", 'em dash that looks like "-"'],
  0x2018: ["弯引号，形似 '", "curly quote that looks like '"],
  0x2019: ["弯引号，形似 '", "curly quote that looks like '"],
  0x201c: ['弯引号，形似 "', 'curly quote that looks like "'],
  0x201d: ['弯引号，形似 "', 'curly quote that looks like "'],
  0x2212: ["减号，形似 “-”", 'minus sign that looks like "-"'],
};

export function markOf(character: string): Mark | undefined {
  const point = character.codePointAt(0) ?? 0;
  const code = `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
  const known = invisible[point];
  if (known !== undefined) {
    const [symbol, zh, en] = known;
    return { symbol, name: { zh, en }, code, usual: point === 0x20 };
  }
  const alike = lookAlikes[point];
  if (alike !== undefined) return { symbol: undefined, name: { zh: alike[0], en: alike[1] }, code, usual: false };
  if (point >= 0xff01 && point <= 0xff5e) {
    const ascii = String.fromCodePoint(point - 0xfee0);
    return { symbol: undefined, name: { zh: `全角的 ${ascii}`, en: `full-width ${ascii}` }, code, usual: false };
  }
  const name = nameOfClass(character);
  return name === undefined ? undefined : { symbol: code, name, code, usual: false };
}

function nameOfClass(character: string): Sentence | undefined {
  if (/\p{Cc}/u.test(character)) return { zh: "控制字符", en: "control character" };
  if (/\p{Cs}/u.test(character)) return { zh: "半个代理对", en: "half of a surrogate pair" };
  if (/\p{Z}/u.test(character)) return { zh: "特殊空格", en: "unusual space" };
  if (/\p{Variation_Selector}/u.test(character)) return { zh: "变体选择符", en: "variation selector" };
  if (/\p{Cf}/u.test(character)) return { zh: "不可见的格式字符", en: "invisible formatting character" };
  // Accents of their own, and the marks of decomposed Japanese, as macOS writes file names.
  if (/[\u0300-\u036f\u3099\u309a]/u.test(character)) return { zh: "组合附加符号", en: "combining mark" };
  return undefined;
}

/** Cuts a text into stretches that can be seen and characters that cannot. Joined, the texts of the runs are the text. */
export function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  let plain = "";
  for (const character of text) {
    const mark = markOf(character);
    if (mark === undefined) {
      plain += character;
      continue;
    }
    if (plain !== "") runs.push({ text: plain, mark: undefined });
    plain = "";
    runs.push({ text: character, mark });
  }
  if (plain !== "") runs.push({ text: plain, mark: undefined });
  return runs;
}

/** The marked characters of a text, in the order they are met. */
export function occurrencesIn(text: string): Occurrence[] {
  const found = new Map<string, Occurrence>();
  let position = 0;
  for (const character of text) {
    position++;
    const mark = markOf(character);
    if (mark === undefined) continue;
    const earlier = found.get(character);
    found.set(
      character,
      earlier === undefined ? { mark, count: 1, first: position } : { ...earlier, count: earlier.count + 1 },
    );
  }
  return [...found.values()];
}
