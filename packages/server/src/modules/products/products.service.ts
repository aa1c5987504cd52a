import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { transaction } from "../../db/database.ts";
import { FieldError, MissingError, invariant } from "../../errors.ts";
import { text } from "../../text.ts";
import { refuseStale } from "../../version.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { changedValues } from "../audit/changed-values.ts";
import { formatMoney, parseMoney } from "../../money.ts";
import { productColumns } from "./product-columns.ts";
import {
  type ProductFilter,
  type ProductRow,
  type ProductValues,
  insertProduct,
  lockProduct,
  selectProduct,
  selectProductCarriers,
  selectProducts,
  updateProduct,
} from "./products.queries.ts";

type ProductColumn =
  | "product_no"
  | "name"
  | "carrier"
  | "origin_price"
  | "fee"
  | "data_value"
  | "month"
  | "level"
  | "eft_type";

/** A product as it is typed, by the columns of a file to import; what is empty or left out takes the column's default. */
export type GivenProduct = Readonly<Partial<Record<ProductColumn, string>>>;

/**
 * What is on sale. A change holds for packages that are ordered afterwards: those that are there keep what they were
 * ordered with. What will not do throws a FieldError, a product that is not there a MissingError.
 */
export interface ProductService {
  create(product: GivenProduct, by: Actor): Promise<ProductRow>;
  /** Throws a ConflictError where someone else was faster. */
  update(productNo: string, version: number, product: Omit<GivenProduct, "product_no">, by: Actor): Promise<ProductRow>;
  get(productNo: string): Promise<ProductRow>;
  /** In the order of their numbers. */
  list(filter: ProductFilter, limit: number): Promise<ProductRow[]>;
  /** Every carrier that a product is of. */
  carriers(): Promise<string[]>;
}

export function createProductService(pool: pg.Pool): ProductService {
  async function get(productNo: string): Promise<ProductRow> {
    const product = await selectProduct(pool, productNo);
    if (product === undefined) throw noSuchProduct(productNo);
    return product;
  }

  return {
    async create(given, by) {
      const productNo = checkedCell("product_no", given) ?? "";
      const values = checkedValues(given);
      await transaction(pool, async (db) => {
        if (!(await insertProduct(db, { product_no: productNo, ...values }))) throw numberTaken(productNo);
        await recordAudit(db, by, {
          action: "product.create",
          object: { kind: "product", id: productNo },
          after: values,
        });
      });
      return get(productNo);
    },

    async update(productNo, version, given, by) {
      const values = checkedValues(given);
      await transaction(pool, async (db) => {
        const product = await lockProduct(db, productNo);
        if (product === undefined) throw noSuchProduct(productNo);
        refuseStale(version, product.version);
        const changed = changedValues({ ...product }, { ...values });
        if (changed === undefined) return;
        await updateProduct(db, productNo, values);
        await recordAudit(db, by, {
          action: "product.update",
          object: { kind: "product", id: productNo },
          ...changed,
        });
      });
      return get(productNo);
    },

    get,
    list: (filter, limit) => selectProducts(pool, filter, limit),
    carriers: () => selectProductCarriers(pool),
  };
}

/** The same as an import makes of a line, its defaults included. */
function checkedValues(given: GivenProduct): ProductValues {
  const fee = money(checkedCell("fee", given) ?? "");
  const originPrice = checkedCell("origin_price", given);
  return {
    name: checkedCell("name", given) ?? "",
    carrier: checkedCell("carrier", given) ?? "",
    origin_price: originPrice === undefined ? fee : money(originPrice),
    fee,
    size_bytes: Number(checkedCell("data_value", given)),
    months: Number(checkedCell("month", given)),
    level: Number(checkedCell("level", given)),
    eft_type: Number(checkedCell("eft_type", given) ?? 0),
  };
}

/** What is given for a column, as it is stored; undefined where nothing is and nothing has to be. */
function checkedCell(name: ProductColumn, given: GivenProduct): string | undefined {
  const column = productColumns.find((candidate) => candidate.name === name);
  invariant(column !== undefined, `${name} is a column of products`);
  const value = given[name]?.trim() ?? "";
  if (value === "" && !column.required) return undefined;
  const parsed = value === "" ? undefined : column.parse(value);
  if (parsed !== undefined) return parsed;
  throw new FieldError(name, text(`应为：${column.expected.zh}`, `must be ${column.expected.en}`));
}

/** With two decimals, as PostgreSQL prints it, so that what is not changed is seen not to be. */
function money(value: string): string {
  return formatMoney(parseMoney(value) ?? Number.NaN);
}

function numberTaken(productNo: string): FieldError {
  return new FieldError(
    "product_no",
    text(`已有产品 ${productNo}，请换一个编号`, `there is a product ${productNo} already; choose another number`),
  );
}

function noSuchProduct(productNo: string): MissingError {
  return new MissingError(text(`没有产品 ${productNo}`, `there is no product ${productNo}`));
}
