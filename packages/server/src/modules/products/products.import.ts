import sql from "sql-template-tag";
import { text } from "../../text.ts";
import { moneyColumn, patternColumn, wholeColumn } from "../imports/cell.ts";
import type { CsvImport } from "../imports/definition.ts";
import { live } from "../imports/staging.ts";
import { parseMb } from "../packages/megabytes.ts";

const required = { required: true };
const optional = { required: false };

/** Products, by product_no. What is changed here holds for packages ordered afterwards only. */
export const productImport: CsvImport = {
  name: "product",
  columns: [
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
  ],
  key: ["product_no"],
  checkLines: () => Promise.resolve(),
  checkTogether: () => Promise.resolve(),
  async apply(db) {
    const { rows } = await db.query<{ existing: number }>(sql`
      select count(*) as existing from import_line l join product p on p.product_no = l.product_no where ${live}
    `);
    const { rows: counted } = await db.query<{ wanted: number }>(
      sql`select count(*) as wanted from import_line l where ${live}`,
    );
    const inserted = (counted[0]?.wanted ?? 0) - (rows[0]?.existing ?? 0);
    const { rowCount } = await db.query(sql`
      insert into product (product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type, updated_at)
      select l.product_no, l.name, l.carrier, coalesce(l.origin_price, p.origin_price, l.fee), l.fee, l.data_value, l.month,
        l.level, coalesce(l.eft_type, p.eft_type, 0), now()
      from import_line l
      left join product p on p.product_no = l.product_no
      where ${live}
      order by l.product_no
      on conflict (product_no) do update set
        name = excluded.name, carrier = excluded.carrier, origin_price = excluded.origin_price, fee = excluded.fee,
        size_bytes = excluded.size_bytes, months = excluded.months, level = excluded.level, eft_type = excluded.eft_type,
        updated_at = excluded.updated_at
      where (product.name, product.carrier, product.origin_price, product.fee, product.size_bytes, product.months,
          product.level, product.eft_type)
        is distinct from (excluded.name, excluded.carrier, excluded.origin_price, excluded.fee, excluded.size_bytes,
          excluded.months, excluded.level, excluded.eft_type)
    `);
    return { inserted, updated: (rowCount ?? 0) - inserted };
  },
};
