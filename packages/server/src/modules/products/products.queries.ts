import sql, { join } from "sql-template-tag";
import type { Db } from "../../db/database.ts";

/** What may be changed of a product. */
export interface ProductValues {
  name: string;
  carrier: string;
  /** A decimal with two places, as the fee. */
  origin_price: string;
  fee: string;
  size_bytes: number;
  months: number;
  /** 1 base, 2 add-on, 3 cross-month, 4 extra. */
  level: number;
  /** 0 nationwide, 1 within the province. */
  eft_type: number;
}

export interface ProductRow extends ProductValues {
  product_no: string;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** Adds a product; tells whether it did, its number not being another's. */
export async function insertProduct(db: Db, product: ProductValues & { product_no: string }): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into product (product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type)
    values (${product.product_no}, ${product.name}, ${product.carrier}, ${product.origin_price}, ${product.fee},
      ${product.size_bytes}, ${product.months}, ${product.level}, ${product.eft_type})
    on conflict on constraint product_pkey do nothing
  `);
  return rowCount === 1;
}

export async function updateProduct(db: Db, productNo: string, product: ProductValues): Promise<void> {
  await db.query(sql`
    update product
    set name = ${product.name}, carrier = ${product.carrier}, origin_price = ${product.origin_price},
      fee = ${product.fee}, size_bytes = ${product.size_bytes}, months = ${product.months}, level = ${product.level},
      eft_type = ${product.eft_type}, version = version + 1, updated_at = now()
    where product_no = ${productNo}
  `);
}

export async function selectProduct(db: Db, productNo: string): Promise<ProductRow | undefined> {
  const { rows } = await db.query<ProductRow>(sql`
    select product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type, version, created_at,
      updated_at
    from product
    where product_no = ${productNo}
  `);
  return rows[0];
}

/** The same, locked for a change. Packages may be ordered meanwhile. */
export async function lockProduct(db: Db, productNo: string): Promise<ProductRow | undefined> {
  const { rows } = await db.query<ProductRow>(sql`
    select product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type, version, created_at,
      updated_at
    from product
    where product_no = ${productNo}
    for no key update
  `);
  return rows[0];
}

/** What a list of products may be narrowed to. */
export interface ProductFilter {
  /** A part of the name, or how the number begins. */
  readonly search?: string | undefined;
  readonly carrier?: string | undefined;
  readonly level?: number | undefined;
  /** Only products that come after this number. */
  readonly after?: string | undefined;
}

/** In the order of their numbers. */
export async function selectProducts(db: Db, filter: ProductFilter, limit: number): Promise<ProductRow[]> {
  const search = filter.search?.replaceAll(/[\\%_]/g, "\\$&");
  const conditions = [
    sql`true`,
    ...(search === undefined ? [] : [sql`(name ilike ${`%${search}%`} or product_no ilike ${`${search}%`})`]),
    ...(filter.carrier === undefined ? [] : [sql`carrier = ${filter.carrier}`]),
    ...(filter.level === undefined ? [] : [sql`level = ${filter.level}`]),
    ...(filter.after === undefined ? [] : [sql`product_no > ${filter.after}`]),
  ];
  const { rows } = await db.query<ProductRow>(sql`
    select product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type, version, created_at,
      updated_at
    from product
    where ${join(conditions, " and ")}
    order by product_no
    limit ${limit}
  `);
  return rows;
}

/** Every carrier that a product is of, for the filter to offer. */
export async function selectProductCarriers(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ carrier: string }>(sql`select distinct carrier from product order by carrier`);
  return rows.map(({ carrier }) => carrier);
}
