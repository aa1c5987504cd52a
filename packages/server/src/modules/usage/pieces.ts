import { type Text, text } from "../../text.ts";
import type { UsageSource } from "../sources/source.ts";
import { parseRecord } from "./record.ts";
import { type Piece, type PieceProblem, recordBytesMax } from "./split.ts";
import type { RecordRefusal, SubmittedRecord } from "./usage-record.ts";

/** Refuses wrong UTF-8 instead of replacing it, and skips a byte order mark. */
const strictly = new TextDecoder("utf-8", { fatal: true });
const leniently = new TextDecoder();

const problems: Readonly<Record<PieceProblem, RecordRefusal>> = {
  too_large: refusal(
    "record_too_large",
    text(
      `一条记录最多 ${recordBytesMax} 字节；多条记录应放在 JSON 数组中，或以 NDJSON 每行一条`,
      `a record may have ${recordBytesMax} bytes; several belong into a JSON array, or one on each line as NDJSON`,
    ),
  ),
  cut_off: refusal(
    "record_cut_off",
    text(
      "请求体在这条记录中间结束了，请重发它和其后的记录",
      "the body ended within this record; send it and what follows it again",
    ),
  ),
  malformed: refusal(
    "body_malformed",
    text(
      "从此处起括号不配对，或数组没有结束，后面的内容无法划分为记录",
      "the brackets do not match from here on, or the array is never closed: what follows cannot be told apart into records",
    ),
  ),
};

const notUtf8 = refusal("utf8_invalid", text("记录不是有效的 UTF-8 编码", "the record is not valid UTF-8"));

/** Reads a piece of a body as a usage record. Whatever is wrong with it, there is a record for it, which is refused. */
export function readPiece({ bytes, problem }: Piece, source: UsageSource): SubmittedRecord {
  if (problem !== undefined) return refused(bytes, problems[problem]);
  let content: string;
  try {
    content = strictly.decode(bytes);
  } catch {
    return refused(bytes, notUtf8);
  }
  return parseRecord(content, source);
}

/** PostgreSQL stores no NUL, and the quarantine keeps what can be read of it. */
function refused(bytes: Uint8Array, parsed: RecordRefusal): SubmittedRecord {
  return { id: "", content: leniently.decode(bytes).replaceAll("\u0000", "\ufffd"), parsed };
}

function refusal(hint: string, reason: Text): RecordRefusal {
  return { hint, reason };
}
