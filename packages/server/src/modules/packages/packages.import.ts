import sql from "sql-template-tag";
import { text } from "../../text.ts";
import { patternColumn } from "../imports/cell.ts";
import type { CsvImport } from "../imports/definition.ts";
import { live } from "../imports/staging.ts";
import { monthToDate, parseMonth } from "./billing-month.ts";

const required = { required: true };

/** Packages of cards. What the product says at that moment is copied; a package that is there already stays as it is. */
export const packageImport: CsvImport = {
  name: "package",
  columns: [
    patternColumn(
      "serial_no",
      required,
      /^[0-9A-Za-z]{1,32}$/,
      text("1 到 32 位数字或字母", "1 to 32 digits or letters"),
    ),
    patternColumn(
      "product_no",
      required,
      /^[0-9A-Za-z_-]{1,32}$/,
      text("1 到 32 位数字、字母、_ 或 -", "1 to 32 digits, letters, _ or -"),
    ),
    {
      name: "first_month",
      ...required,
      sqlType: "date",
      expected: text(
        "2000-01 到 2099-12 之间的月份，例如 2026-11（请把该列设为“文本”格式，以免 Excel 改成日期）",
        "a month from 2000-01 to 2099-12, such as 2026-11; format the column as text so that Excel makes no date of it",
      ),
      parse(cell) {
        const month = /^20[0-9]{2}-[0-9]{2}$/.test(cell) ? parseMonth(cell) : undefined;
        return month === undefined ? undefined : monthToDate(month);
      },
    },
  ],
  key: ["serial_no", "product_no", "first_month"],
  async checkLines({ db, language }) {
    await db.query(sql`
      create temporary table import_known on commit drop as
      select distinct c.serial_no from card c join import_line l on l.serial_no = c.serial_no where ${live}
    `);
    await db.query(sql`analyze import_known`);
    await db.query(sql`create temporary table import_product on commit drop as select product_no from product`);
    const noCard = text(
      "serial_no：没有卡号为 %s 的卡，请先导入卡",
      "serial_no: there is no card %s; import the cards first",
    );
    const noProduct = text(
      "product_no：没有编号为 %s 的套餐，请先导入套餐产品",
      "product_no: there is no product %s; import the products first",
    );
    await db.query(sql`
      update import_line l
      set refusal = format(${noCard[language]}, l.serial_no)
      where ${live} and not exists (select from import_known k where k.serial_no = l.serial_no)
    `);
    await db.query(sql`
      update import_line l
      set refusal = format(${noProduct[language]}, l.product_no)
      where ${live} and l.product_no not in (select product_no from import_product)
    `);
  },
  checkTogether: () => Promise.resolve(),
  async apply(db, eventNo) {
    const { rowCount } = await db.query(sql`
      insert into card_package (serial_no, product_no, first_month, name, months, level, size_bytes, event_no)
      select l.serial_no, l.product_no, l.first_month, p.name, p.months, p.level, p.size_bytes, ${eventNo}::bigint
      from import_line l
      join product p on p.product_no = l.product_no
      where ${live}
      order by l.serial_no, l.product_no, l.first_month
      on conflict (serial_no, product_no, first_month, order_no) do nothing
    `);
    return { inserted: rowCount ?? 0, updated: 0 };
  },
};
