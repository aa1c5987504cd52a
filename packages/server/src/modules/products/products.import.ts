import sql from "sql-template-tag";
import type { CsvImport } from "../imports/definition.ts";
import { live } from "../imports/staging.ts";
import { productColumns } from "./product-columns.ts";

/** Products, by product_no. What is changed here holds for packages ordered afterwards only. */
export const productImport: CsvImport = {
  name: "product",
  columns: productColumns,
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
        version = product.version + 1, updated_at = excluded.updated_at
      where (product.name, product.carrier, product.origin_price, product.fee, product.size_bytes, product.months,
          product.level, product.eft_type)
        is distinct from (excluded.name, excluded.carrier, excluded.origin_price, excluded.fee, excluded.size_bytes,
          excluded.months, excluded.level, excluded.eft_type)
    `);
    return { inserted, updated: (rowCount ?? 0) - inserted };
  },
};
