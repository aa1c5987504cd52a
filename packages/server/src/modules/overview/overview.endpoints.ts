import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

/** Bytes: the sum of all cards is more than a number holds exactly, so it is text. */
const sumOfBytes = Type.String({ pattern: "^-?[0-9]+$" });

const heavyCards = Type.Object({
  cards: Type.Integer(),
  /** Those that have used the largest part of their allowance first. */
  top: Type.Array(
    Type.Object({
      serial_no: Type.String(),
      account_no: Type.Union([Type.Integer(), Type.Null()]),
      account_name: Type.Union([Type.String(), Type.Null()]),
      used_bytes: Type.Integer(),
      allowance_bytes: Type.Integer(),
    }),
  ),
});

const others = Type.Object({ keys: Type.Integer(), cards: Type.Integer() });

const inventory = Type.Object({
  /** The moment that all of it is of. */
  counted_at: Type.String(),
  took_ms: Type.Integer(),
  cards: Type.Integer(),
  in_stock: Type.Integer(),
  by_sim_status: Type.Array(Type.Object({ sim_status: Type.Integer(), cards: Type.Integer() })),
  by_carrier: Type.Object({
    largest: Type.Array(Type.Object({ carrier: Type.String(), cards: Type.Integer() })),
    others,
  }),
  by_account: Type.Object({
    largest: Type.Array(
      Type.Object({
        account_no: Type.Integer(),
        account_name: Type.Union([Type.String(), Type.Null()]),
        cards: Type.Integer(),
      }),
    ),
    others,
  }),
  /** Cards whose billing months start on the same day, in the month that they are in; most cards first. */
  cycles: Type.Array(
    Type.Object({
      cycle_day: Type.Integer(),
      month: Type.String(),
      /** Its first day and the one behind its last. */
      from: Type.String(),
      to: Type.String(),
      cards: Type.Integer(),
      allowance_bytes: sumOfBytes,
      used_bytes: sumOfBytes,
      /** From the first day up to today. */
      days: Type.Array(sumOfBytes),
    }),
  ),
  /** Up to when any of this usage is known. */
  usage_as_of: Type.Union([Type.String(), Type.Null()]),
  /** 90 % or more, but not all, and all of it. */
  near: heavyCards,
  over: heavyCards,
  over_without_allowance: Type.Integer(),
});

/** All cards together, as they were last counted; a call has them counted again if that is some time ago. */
export const readOverview = endpoint({
  method: "GET",
  path: "/overview",
  role: "viewer",
  answer: Type.Object({
    /** Null: not counted yet. */
    inventory: Type.Union([inventory, Type.Null()]),
    /** Newer figures are under way. */
    counting: Type.Boolean(),
    /** What there is of what a platform needs. */
    set_up: Type.Object({
      accounts: Type.Boolean(),
      clients: Type.Boolean(),
      products: Type.Boolean(),
      sources: Type.Boolean(),
    }),
  }),
});

const figures = {
  calls: Type.Integer(),
  refused: Type.Integer(),
  /** Null: there were no calls. */
  p50_us: Type.Union([Type.Integer(), Type.Null()]),
  p95_us: Type.Union([Type.Integer(), Type.Null()]),
  p99_us: Type.Union([Type.Integer(), Type.Null()]),
};

/** The calls of the signed API in the last 24 hours, 7 or 30 days. */
export const readOverviewCalls = endpoint({
  method: "GET",
  path: "/overview/calls",
  role: "viewer",
  query: Type.Object({
    range: Type.Union([Type.Literal("day"), Type.Literal("week"), Type.Literal("month")]),
  }),
  answer: Type.Object({
    step_ms: Type.Integer(),
    totals: Type.Object(figures),
    /** Every one, the oldest first. */
    steps: Type.Array(Type.Object({ at: Type.String(), ...figures })),
    /** By reason, the most frequent first. */
    refusals: Type.Array(
      Type.Object({
        errcode: Type.Integer(),
        /** What the code means. */
        text: Type.String(),
        calls: Type.Integer(),
        /** How many in each step. */
        steps: Type.Array(Type.Integer()),
        /** What exactly was wrong, the most frequent first. */
        hints: Type.Array(Type.Object({ hint: Type.String(), calls: Type.Integer() })),
      }),
    ),
  }),
});

export const overviewEndpoints = [readOverview, readOverviewCalls] as const;
