import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const nullable = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) => Type.Union([schema, Type.Null()]);

const sort = Type.Union([
  Type.Literal("serial_no"),
  Type.Literal("created_at"),
  Type.Literal("used"),
  Type.Literal("left"),
  Type.Literal("percent"),
]);

const identifierKind = Type.Union([
  Type.Literal("serial_no"),
  Type.Literal("custom_no"),
  Type.Literal("iccid"),
  Type.Literal("iccid_suffix"),
  Type.Literal("msisdn"),
  Type.Literal("imsi"),
]);

/** What a list of cards may be narrowed to, and its order. An export takes the same. */
export const cardListing = Type.Object({
  /** Any identifier of a card, or how a serial_no begins. */
  search: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  account_no: Type.Optional(Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 })),
  /** Only cards without an account. */
  in_stock: Type.Optional(Type.Boolean()),
  carrier: Type.Optional(Type.String({ pattern: "^[0-9A-Za-z_-]{1,32}$" })),
  sim_status: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  gprs_status: Type.Optional(Type.Integer({ minimum: 0, maximum: 4 })),
  cycle_day: Type.Optional(Type.Integer({ minimum: 1, maximum: 28 })),
  /** At least so much of the allowance has been used. */
  used_percent_min: Type.Optional(Type.Integer({ minimum: 0, maximum: 100_000 })),
  /** Nothing has been used in the billing month. */
  unused: Type.Optional(Type.Boolean()),
  sort: Type.Optional(sort),
  descending: Type.Optional(Type.Boolean()),
});

export const listCards = endpoint({
  method: "GET",
  path: "/cards",
  role: "viewer",
  query: Type.Object({
    ...cardListing.properties,
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 80 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({
    list: Type.Array(
      Type.Object({
        serial_no: Type.String(),
        iccid: nullable(Type.String()),
        msisdn: nullable(Type.String()),
        imsi: nullable(Type.String()),
        custom_no: nullable(Type.String()),
        /** Null: in stock. */
        account_no: nullable(Type.Integer()),
        account_name: nullable(Type.String()),
        carrier: Type.String(),
        sim_status: Type.Integer(),
        gprs_status: Type.Integer(),
        cycle_day: Type.Integer(),
        created_at: Type.String(),
        /** The figures are those of the signed API, in MB. */
        billing_month: Type.String(),
        total_data_value: Type.String(),
        used_data_value: Type.String(),
        left_data_value: Type.String(),
        /** Whole percent, rounded down; null without an allowance. */
        used_percent: nullable(Type.Integer()),
        data_as_of: nullable(Type.String()),
      }),
    ),
    next_cursor: nullable(Type.String()),
    /** Counted no further than is quick: there are more where `more` says so. Null where only looking at every card could tell. */
    total: nullable(Type.Object({ count: Type.Integer(), more: Type.Boolean() })),
    /** The order that the list really has, and those that there are few enough cards for. */
    sort,
    sorts: Type.Array(sort),
    /** So many cards were looked at for a page that is not full although there may be more. */
    looked_at: nullable(Type.Integer()),
    /** What the searched text names; the cards that it names come first on the first page. */
    search: nullable(
      Type.Object({
        text: Type.String(),
        /** What it was looked up as; empty if it can be no identifier. */
        tried: Type.Array(identifierKind),
        found: Type.Array(Type.Object({ kind: identifierKind, serial_no: Type.String() })),
        /** How many of them the filters leave out. */
        hidden: Type.Integer(),
      }),
    ),
  }),
});

/** The carriers that cards have, for a filter to offer. */
export const listCarriers = endpoint({
  method: "GET",
  path: "/card-carriers",
  role: "viewer",
  answer: Type.Object({ list: Type.Array(Type.String()) }),
});

export const cardListEndpoints = [listCards, listCarriers] as const;
