import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const productParams = Type.Object({ product_no: Type.String({ minLength: 1, maxLength: 32 }) });

/** Of the record as it was read: a change in view of an older one is refused. */
const version = Type.Integer({ minimum: 1 });

/** What a product consists of, as it is typed, by the columns of a file to import. */
const givenValues = {
  name: Type.String(),
  carrier: Type.String(),
  /** The list price; empty: the same as the fee. */
  origin_price: Type.String(),
  fee: Type.String(),
  /** In MB, with at most two decimals. */
  data_value: Type.String(),
  month: Type.Integer(),
  level: Type.Integer(),
  eft_type: Type.Integer(),
};

const product = Type.Object({
  product_no: Type.String(),
  ...givenValues,
  size_bytes: Type.Integer(),
  version,
  created_at: Type.String(),
  updated_at: Type.String(),
});

export const listProducts = endpoint({
  method: "GET",
  path: "/products",
  role: "viewer",
  query: Type.Object({
    /** A part of the name, or how the number begins. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    carrier: Type.Optional(Type.String({ maxLength: 32 })),
    level: Type.Optional(Type.Integer({ minimum: 1, maximum: 4 })),
    cursor: Type.Optional(Type.String({ maxLength: 32 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({ list: Type.Array(product), next_cursor: Type.Optional(Type.String()) }),
});

export const listProductCarriers = endpoint({
  method: "GET",
  path: "/product-carriers",
  role: "viewer",
  answer: Type.Object({ list: Type.Array(Type.String()) }),
});

export const createProduct = endpoint({
  method: "POST",
  path: "/products",
  role: "operator",
  body: Type.Object({ product_no: Type.String(), ...givenValues }),
  answer: product,
});

export const showProduct = endpoint({
  method: "GET",
  path: "/products/:product_no",
  role: "viewer",
  params: productParams,
  answer: product,
});

export const updateProduct = endpoint({
  method: "PATCH",
  path: "/products/:product_no",
  role: "operator",
  params: productParams,
  body: Type.Object({ version, ...givenValues }),
  answer: product,
});

export const productEndpoints = [listProducts, listProductCarriers, createProduct, showProduct, updateProduct] as const;
