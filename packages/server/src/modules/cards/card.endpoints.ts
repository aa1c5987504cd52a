import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const params = Type.Object({ serial_no: Type.String({ minLength: 1, maxLength: 32 }) });

/** `2026-11`; the card's current billing month if it is left out. */
const month = Type.Optional(Type.String({ pattern: "^20[0-9]{2}-(0[1-9]|1[0-2])$" }));

function orNull<T extends Parameters<typeof Type.Union>[0][number]>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}

const source = Type.Object({
  name: Type.String(),
  kind: Type.Union([Type.Literal("delta"), Type.Literal("reading")]),
});

/** As the signed API prints them, in MB of 1,048,576 bytes, and exactly. */
const figures = {
  total_data_value: Type.String(),
  used_data_value: Type.String(),
  left_data_value: Type.String(),
  allowance_bytes: Type.Integer(),
  used_bytes: Type.Integer(),
};

/** Dates; the month reaches from the first to the last, both included. */
const period = { billing_month: Type.String(), first_day: Type.String(), last_day: Type.String() };

export const showCard = endpoint({
  method: "GET",
  path: "/cards/:serial_no",
  role: "viewer",
  params,
  answer: Type.Object({
    serial_no: Type.String(),
    custom_no: orNull(Type.String()),
    iccid: orNull(Type.String()),
    imsi: orNull(Type.String()),
    msisdn: orNull(Type.String()),
    carrier: Type.String(),
    /** Null: in stock. */
    account: orNull(Type.Object({ account_no: Type.Integer(), name: Type.String(), status: Type.String() })),
    sim_status: Type.Integer(),
    gprs_status: Type.Integer(),
    cycle_day: Type.Integer(),
    ...period,
    ...figures,
    data_as_of: orNull(Type.String()),
    created_at: Type.String(),
    updated_at: Type.String(),
    /** The one whose figure is the card's in the current month; null: nobody has reported it yet. */
    source: orNull(source),
    /** The one that is assigned to the card. */
    assigned_source: orNull(source),
    /** Records in quarantine by what names this card, none counted beyond 100 of each kind. */
    quarantined: Type.Array(Type.Object({ subject: Type.String(), count: Type.Integer() })),
  }),
});

const share = Type.Object({ billing_month: Type.String(), given_bytes: Type.Integer(), drawn_bytes: Type.Integer() });

export const listCardPackages = endpoint({
  method: "GET",
  path: "/cards/:serial_no/packages",
  role: "viewer",
  params,
  answer: Type.Object({
    ...period,
    ...figures,
    /** What of the month's usage no package bore. */
    beyond_bytes: Type.Integer(),
    /** In the order in which they begin. */
    list: Type.Array(
      Type.Object({
        product_no: Type.String(),
        /** Empty for an imported one. */
        order_no: Type.String(),
        name: Type.String(),
        level: Type.Integer(),
        size_bytes: Type.Integer(),
        size_data_value: Type.String(),
        first_month: Type.String(),
        last_month: Type.String(),
        /** Dates: from the beginning of its first billing month to the end of its last. */
        first_day: Type.String(),
        last_day: Type.String(),
        state: Type.Union([Type.Literal("past"), Type.Literal("in_effect"), Type.Literal("not_begun")]),
        created_at: Type.String(),
        /** What it gave and bore month by month, up to the current one. */
        shares: Type.Array(share),
      }),
    ),
  }),
});

export const listCardMonths = endpoint({
  method: "GET",
  path: "/cards/:serial_no/months",
  role: "viewer",
  params,
  answer: Type.Object({
    /** The newest first, from the current one back to the first with an allowance or usage; 24 at most. */
    list: Type.Array(
      Type.Object({
        ...period,
        ...figures,
        is_final: Type.Boolean(),
        data_as_of: orNull(Type.String()),
        version: Type.Integer(),
        closed_data_value: orNull(Type.String()),
      }),
    ),
  }),
});

const sourceMonth = Type.Object({
  source,
  counts: Type.Boolean(),
  used_bytes: Type.Integer(),
  /** Less the figure that counts. */
  gap_bytes: orNull(Type.Integer()),
  version: Type.Integer(),
  closed_bytes: orNull(Type.Integer()),
  as_of: orNull(Type.String()),
  closes_at: Type.String(),
  records: Type.Object({
    /** Those that count in this month. */
    counted: Type.Integer(),
    /** What they add up to; is `used_bytes`, or the figure is wrong. */
    effect_bytes: Type.Integer(),
    /** Read in the next month before the counter was reset: count here. */
    carried_in: Type.Integer(),
    /** Read in this month before the counter was reset: count in the month before. */
    carried_out: Type.Integer(),
    corrections: Type.Integer(),
    adjustments: Type.Integer(),
    /** Readings below the one before. */
    falls: Type.Integer(),
    /** Of readings: the last one that counts. */
    last: orNull(Type.Object({ at: Type.String(), bytes: Type.Integer() })),
  }),
});

export const showCardUsage = endpoint({
  method: "GET",
  path: "/cards/:serial_no/usage",
  role: "viewer",
  params,
  query: Type.Object({ month }),
  answer: Type.Object({
    ...period,
    ...figures,
    is_current: Type.Boolean(),
    is_final: Type.Boolean(),
    data_as_of: orNull(Type.String()),
    version: Type.Integer(),
    closed_data_value: orNull(Type.String()),
    /** Whether the month's records are still kept; otherwise there are figures only. */
    records_kept: Type.Boolean(),
    /** The source that was assigned to the card for this month. */
    assigned_source: orNull(source),
    /** Every day of the month; `used_data_value` is null for one that has not come yet. */
    days: Type.Array(
      Type.Object({
        date: Type.String(),
        used_bytes: Type.Integer(),
        used_data_value: orNull(Type.String()),
        /** Of readings: the day's last one. */
        counter: orNull(Type.Integer()),
        read_at: orNull(Type.String()),
      }),
    ),
    /** The one that counts first. */
    sources: Type.Array(sourceMonth),
  }),
});

export const listCardRecords = endpoint({
  method: "GET",
  path: "/cards/:serial_no/records",
  role: "viewer",
  params,
  query: Type.Object({
    month,
    /** Only those that count on this date. */
    day: Type.Optional(Type.String({ format: "date" })),
    /** By this source; the one that counts if it is left out. */
    source: Type.Optional(Type.String({ maxLength: 64 })),
    /** Only those that are out of the ordinary: carried over, corrections, adjustments, falls of the counter. */
    unusual: Type.Optional(Type.Boolean()),
    cursor: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({
    billing_month: Type.String(),
    records_kept: Type.Boolean(),
    source: orNull(source),
    /** How many fit. */
    total: Type.Integer(),
    /** In the order of their times. */
    list: Type.Array(
      Type.Object({
        id: Type.String(),
        /** A delta's start; null for a reading. */
        start: orNull(Type.String()),
        /** A delta's end, a reading's time. */
        at: Type.String(),
        received_at: Type.String(),
        /** A delta's bytes, a reading's counter. */
        bytes: Type.Integer(),
        /** What it adds to the month's figure. */
        effect_bytes: Type.Integer(),
        /** The date that it counts on. */
        day: Type.String(),
        /** The billing month that its time falls in, and the one that it counts in. */
        own_month: Type.String(),
        counts_in: Type.String(),
        adjustment: Type.Boolean(),
        fell: Type.Boolean(),
        corrects: orNull(Type.String()),
        attributes: orNull(Type.Record(Type.String(), Type.Unknown())),
      }),
    ),
    next_cursor: Type.Optional(Type.Integer()),
  }),
});

const values = Type.Record(Type.String(), Type.Unknown());

export const showCardHistory = endpoint({
  method: "GET",
  path: "/cards/:serial_no/history",
  role: "viewer",
  params,
  answer: Type.Object({
    /** The newest first; 500 at most. */
    list: Type.Array(
      Type.Object({
        kind: Type.Union([
          Type.Literal("created"),
          Type.Literal("changed"),
          Type.Literal("package"),
          Type.Literal("act"),
        ]),
        at: Type.String(),
        /** Who it was, as the audit log has it; null where that is not known. */
        event: orNull(
          Type.Object({
            event_no: Type.Integer(),
            action: Type.String(),
            actor_kind: Type.String(),
            actor_name: Type.String(),
            address: orNull(Type.String()),
            /** The background job that an import was. */
            job_no: orNull(Type.Integer()),
            /** The file that was imported. */
            file_name: orNull(Type.String()),
          }),
        ),
        /** What has changed: of a value that was empty there is none before. */
        before: values,
        after: values,
      }),
    ),
    more: Type.Boolean(),
  }),
});

export const cardEndpoints = [
  showCard,
  listCardPackages,
  listCardMonths,
  showCardUsage,
  listCardRecords,
  showCardHistory,
] as const;
