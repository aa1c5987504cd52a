import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const status = Type.Union([
  Type.Literal("unknown_card"),
  Type.Literal("conflict"),
  Type.Literal("invalid"),
  Type.Literal("too_old"),
  Type.Literal("too_new"),
]);

/** What the quarantine may be narrowed to. Times are ISO 8601; `before` is not included. */
const filters = {
  source: Type.Optional(Type.String({ maxLength: 64 })),
  status: Type.Optional(status),
  /** The stable word of the reason. */
  hint: Type.Optional(Type.String({ maxLength: 100 })),
  /** What names the card in the record; an ICCID with or without its check digit. */
  subject: Type.Optional(Type.String({ maxLength: 32 })),
  from: Type.Optional(Type.String({ format: "date-time" })),
  before: Type.Optional(Type.String({ format: "date-time" })),
  /** In what was sent, in capitals or not. */
  text: Type.Optional(Type.String({ maxLength: 200 })),
};

/** What an entry is asked for by; says nothing to whoever asks. */
const key = Type.String({ maxLength: 2_000 });

const entryMembers = {
  key,
  source: Type.String(),
  record_id: Type.String(),
  status,
  hint: Type.String(),
  reason: Type.String(),
  subject: Type.Union([Type.String(), Type.Null()]),
  received_at: Type.String(),
};

export const searchQuarantine = endpoint({
  method: "GET",
  path: "/quarantine",
  role: "viewer",
  query: Type.Object({
    ...filters,
    cursor: Type.Optional(Type.String({ maxLength: 2_000 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({
    list: Type.Array(Type.Object(entryMembers)),
    /** Where to go on. Of a search for what is rare there may be more although this page is not full. */
    next_cursor: Type.Optional(Type.String()),
    /** With `next_cursor`: the search has come to what was received then. */
    searched_to: Type.Optional(Type.String()),
  }),
});

/** How many entries there are of each status. Neither `hint` nor `text` is looked at. */
export const countQuarantine = endpoint({
  method: "GET",
  path: "/quarantine/counts",
  role: "viewer",
  query: Type.Object({
    source: filters.source,
    subject: filters.subject,
    from: filters.from,
    before: filters.before,
  }),
  answer: Type.Object({
    /** As far as it was counted: a count of `count_max` means that many or more. */
    count_max: Type.Integer(),
    counts: Type.Object({
      unknown_card: Type.Integer(),
      conflict: Type.Integer(),
      invalid: Type.Integer(),
      too_old: Type.Integer(),
      too_new: Type.Integer(),
    }),
  }),
});

const comparedMembers = {
  serial_no: Type.Union([Type.String(), Type.Null()]),
  month: Type.Union([Type.String(), Type.Null()]),
  start: Type.Union([Type.String(), Type.Null()]),
  at: Type.String(),
  bytes: Type.Integer(),
  corrects: Type.Union([Type.String(), Type.Null()]),
  attributes: Type.Record(Type.String(), Type.String()),
};

export const readQuarantineEntry = endpoint({
  method: "GET",
  path: "/quarantine/entry",
  role: "viewer",
  query: Type.Object({ key }),
  answer: Type.Object({
    ...entryMembers,
    /** As it was sent; of a record that came in a CSV, the event that its line stands for. */
    content: Type.String(),
    conflict: Type.Union([
      Type.Object({
        /** Null once it is not kept any more. */
        taken: Type.Union([Type.Object({ ...comparedMembers, received_at: Type.String() }), Type.Null()]),
        refused: Type.Union([Type.Object(comparedMembers), Type.Null()]),
        /** What the month of the one that was taken in comes to by this source. */
        figure: Type.Union([
          Type.Object({
            used_bytes: Type.Integer(),
            /** Whether it is the card's figure; otherwise another source's is. */
            counts: Type.Boolean(),
            /** What it would come to with the refused one instead; null where that cannot be said. */
            instead_bytes: Type.Union([Type.Integer(), Type.Null()]),
          }),
          Type.Null(),
        ]),
      }),
      Type.Null(),
    ]),
  }),
});

const act = Type.Union([Type.Literal("release"), Type.Literal("discard")]);

/** What of a filter there is to release or discard in one go. Conflicts are not released. */
export const matchQuarantine = endpoint({
  method: "GET",
  path: "/quarantine/matching",
  role: "operator",
  query: Type.Object({ ...filters, act }),
  answer: Type.Object({
    count: Type.Integer(),
    /** Whether there are more, or may be. */
    more: Type.Boolean(),
    /** Names these: those received later are not meant. */
    until: Type.Union([Type.String(), Type.Null()]),
  }),
});

const outcome = Type.Union([
  Type.Literal("accepted"),
  Type.Literal("duplicate"),
  status,
  Type.Literal("discarded"),
  /** Somebody else has released or discarded it meanwhile, or its card has come. */
  Type.Literal("gone"),
]);

const acted = Type.Object({
  counts: Type.Array(Type.Object({ outcome, count: Type.Integer() })),
  /** One by one, those that stay first; 500 at most. */
  results: Type.Array(
    Type.Object({
      key,
      source: Type.String(),
      record_id: Type.String(),
      outcome,
      reason: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

const chosen = Type.Object({ keys: Type.Array(key, { minItems: 1, maxItems: 500, uniqueItems: true }) });

const matched = Type.Object({
  filter: Type.Object(filters),
  /** As `matching` has told. If there are not as many by now, nothing is done. */
  count: Type.Integer({ minimum: 1 }),
  until: Type.String({ format: "date-time" }),
});

/** Tries entries again as if they arrived now. */
export const releaseQuarantined = endpoint({
  method: "POST",
  path: "/quarantine/release",
  role: "operator",
  body: chosen,
  answer: acted,
});

/** Deletes entries for good. */
export const discardQuarantined = endpoint({
  method: "POST",
  path: "/quarantine/discard",
  role: "operator",
  body: chosen,
  answer: acted,
});

export const releaseMatching = endpoint({
  method: "POST",
  path: "/quarantine/release-matching",
  role: "operator",
  body: matched,
  answer: acted,
});

export const discardMatching = endpoint({
  method: "POST",
  path: "/quarantine/discard-matching",
  role: "operator",
  body: matched,
  answer: acted,
});

export const quarantineEndpoints = [
  searchQuarantine,
  countQuarantine,
  readQuarantineEntry,
  matchQuarantine,
  releaseQuarantined,
  discardQuarantined,
  releaseMatching,
  discardMatching,
] as const;
