import { text } from "../../text.ts";
import { moneyColumn, patternColumn, wholeColumn } from "../imports/cell.ts";
import type { Column } from "../imports/definition.ts";
import { parseMb } from "../packages/megabytes.ts";

const required = { required: true };
const optional = { required: false };

/** What a product consists of, and what each part must be: in a file to import as in the console. */
export const productColumns: readonly Column[] = [
  patternColumn(
    "product_no",
    required,
    /^[0-9A-Za-z_-]{1,32}$/,
    text("1 到 32 位数字、字母、_ 或 -", "1 to 32 digits, letters, _ or -"),
  ),
  // oxlint-disable-next-line no-control-regex -- a name is printed on one line
  patternColumn("name", required, /^[^\u0000-\u001f\u007f]{1,100}$/u, text("1 到 100 个字符", "1 to 100 characters")),
  patternColumn(
    "carrier",
    required,
    /^[0-9A-Za-z_-]{1,32}$/,
    text("1 到 32 位数字、字母、_ 或 -，例如 cmcc", "1 to 32 digits, letters, _ or -, such as cmcc"),
  ),
  moneyColumn("origin_price", optional),
  moneyColumn("fee", required),
  {
    name: "data_value",
    ...required,
    sqlType: "bigint",
    expected: text(
      "大于 0 的 MB 数，最多两位小数，例如 1536.5",
      "a size in MB above 0 with at most two decimals, such as 1536.5",
    ),
    parse(cell) {
      const bytes = parseMb(cell);
      return bytes === undefined || bytes === 0 ? undefined : String(bytes);
    },
  },
  wholeColumn("month", required, 1, 120),
  wholeColumn("level", required, 1, 4),
  wholeColumn("eft_type", optional, 0, 1),
];
