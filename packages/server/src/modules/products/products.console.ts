import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { formatHundredths, toHundredths } from "../packages/megabytes.ts";
import { createProduct, listProductCarriers, listProducts, showProduct, updateProduct } from "./products.endpoints.ts";
import type { ProductRow } from "./products.queries.ts";
import type { GivenProduct, ProductService } from "./products.service.ts";

export function productConsole(products: ProductService): BoundEndpoint[] {
  return [
    handle(listProducts, async ({ query }) => {
      const { search, carrier, level, cursor, limit = 50 } = query;
      const rows = await products.list({ search: search?.trim(), carrier, level, after: cursor }, limit + 1);
      const list = rows.slice(0, limit).map(present);
      const last = list.at(-1);
      return { list, ...(rows.length > limit && last !== undefined ? { next_cursor: last.product_no } : {}) };
    }),

    handle(listProductCarriers, async () => ({ list: await products.carriers() })),

    handle(createProduct, async ({ body, by }) => present(await products.create(asTyped(body), by))),

    handle(showProduct, async ({ params }) => present(await products.get(params.product_no))),

    handle(updateProduct, async ({ params, body, by }) => {
      const { version, ...values } = body;
      return present(await products.update(params.product_no, version, asTyped(values), by));
    }),
  ];
}

/** Every value as a cell of a file would have it, which is what the rules are written for. */
function asTyped(values: Readonly<Record<string, string | number>>): GivenProduct {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

function present(row: ProductRow) {
  return {
    product_no: row.product_no,
    name: row.name,
    carrier: row.carrier,
    origin_price: row.origin_price,
    fee: row.fee,
    data_value: formatHundredths(toHundredths(row.size_bytes)),
    size_bytes: row.size_bytes,
    month: row.months,
    level: row.level,
    eft_type: row.eft_type,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
