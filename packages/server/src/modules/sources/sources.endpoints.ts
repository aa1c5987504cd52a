import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";
import { assignedAtOnceMax } from "./assignments.ts";
import { expectedEverySecondsMax, expectedEverySecondsMin } from "./sources.service.ts";

const figures = Type.Object({
  accepted: Type.Integer(),
  duplicate: Type.Integer(),
  conflict: Type.Integer(),
  unknown_card: Type.Integer(),
  invalid: Type.Integer(),
  too_old: Type.Integer(),
  too_new: Type.Integer(),
});

/** From when on, and how many records ended how. */
const activity = Type.Array(Type.Object({ from: Type.String(), figures }));

const sourceMembers = {
  name: Type.String(),
  kind: Type.Union([Type.Literal("delta"), Type.Literal("reading")]),
  unit: Type.Union([Type.String(), Type.Null()]),
  grace_seconds: Type.Integer(),
  close_after_seconds: Type.Integer(),
  status: Type.Union([Type.Literal("normal"), Type.Literal("suspended")]),
  created_at: Type.String(),
  version: Type.Integer(),
  /** Without records for so long it is late; null: nobody watches. */
  expected_every_seconds: Type.Union([Type.Integer(), Type.Null()]),
  /** Until when the token before is taken. */
  old_token_expires_at: Type.Union([Type.String(), Type.Null()]),
  /** When it last sent anything. */
  received_at: Type.Union([Type.String(), Type.Null()]),
  /** The latest moment that its records are about, and how long ago that is. */
  newest_at: Type.Union([Type.String(), Type.Null()]),
  lag_seconds: Type.Union([Type.Integer(), Type.Null()]),
  late: Type.Boolean(),
};

const named = Type.Object({ name: Type.String({ maxLength: 64 }) });
const expectedEvery = Type.Union([
  Type.Integer({ minimum: expectedEverySecondsMin, maximum: expectedEverySecondsMax }),
  Type.Null(),
]);
const issued = Type.Object({ name: Type.String(), token: Type.String() });

export const listSources = endpoint({
  method: "GET",
  path: "/sources",
  role: "viewer",
  answer: Type.Object({
    /** With what each has sent in the last 24 hours, hour by hour; empty: nothing. */
    list: Type.Array(Type.Object({ ...sourceMembers, last_day: activity })),
  }),
});

export const readSource = endpoint({
  method: "GET",
  path: "/sources/:name",
  role: "viewer",
  params: named,
  answer: Type.Object(sourceMembers),
});

export const readSourceActivity = endpoint({
  method: "GET",
  path: "/sources/:name/activity",
  role: "viewer",
  params: named,
  query: Type.Object({
    /** By the hour the last 24, by the day the last 30. */
    each: Type.Union([Type.Literal("hour"), Type.Literal("day")]),
  }),
  answer: Type.Object({ list: activity }),
});

/** Whoever has a source's token can report usage in its name. */
export const createSource = endpoint({
  method: "POST",
  path: "/sources",
  role: "admin",
  body: Type.Object({
    name: Type.String({ pattern: "^[a-z0-9][a-z0-9._-]{0,63}$" }),
    kind: Type.Union([Type.Literal("delta"), Type.Literal("reading")]),
    unit: Type.Union([
      Type.Literal("B"),
      Type.Literal("KB"),
      Type.Literal("MB"),
      Type.Literal("GB"),
      Type.Literal("TB"),
      Type.Literal("KB-SI"),
      Type.Literal("MB-SI"),
      Type.Literal("GB-SI"),
      Type.Literal("TB-SI"),
      Type.Null(),
    ]),
    grace_seconds: Type.Integer({ minimum: 0, maximum: 48 * 3600 }),
    close_after_seconds: Type.Integer({ minimum: 0, maximum: 30 * 86_400 }),
    expected_every_seconds: expectedEvery,
  }),
  answer: issued,
});

export const rotateSourceToken = endpoint({
  method: "POST",
  path: "/sources/:name/rotate",
  role: "admin",
  params: named,
  body: Type.Object({
    version: Type.Integer(),
    overlap_seconds: Type.Integer({ minimum: 0, maximum: 366 * 86_400 }),
  }),
  answer: issued,
});

export const changeSource = endpoint({
  method: "PATCH",
  path: "/sources/:name",
  role: "operator",
  params: named,
  body: Type.Object({
    version: Type.Integer(),
    status: Type.Optional(Type.Union([Type.Literal("normal"), Type.Literal("suspended")])),
    expected_every_seconds: Type.Optional(expectedEvery),
  }),
});

const assignment = Type.Object({
  serial_nos: Type.Array(Type.String({ minLength: 1, maxLength: 32 }), {
    minItems: 1,
    maxItems: assignedAtOnceMax,
    uniqueItems: true,
  }),
  /** Left out: for each card from the first that may be chosen. */
  from_month: Type.Optional(Type.String({ pattern: "^[0-9]{4}-(0[1-9]|1[0-2])$" })),
});

const assignmentOutcomes = Type.Object({
  list: Type.Array(
    Type.Object({
      serial_no: Type.String(),
      outcome: Type.Union([Type.Literal("assigned"), Type.Literal("unchanged"), Type.Literal("refused")]),
      from_month: Type.Union([Type.String(), Type.Null()]),
      /** The source that was assigned for that month so far; null: the first that reports it. */
      before: Type.Union([Type.String(), Type.Null()]),
      /** The next source that was assigned already, and from when on it takes over. */
      next: Type.Union([Type.Object({ name: Type.String(), from_month: Type.String() }), Type.Null()]),
      problem: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/** What an assignment would come to now. A POST for its size; it changes nothing. */
export const previewAssignment = endpoint({
  method: "POST",
  path: "/sources/:name/assignments/preview",
  role: "operator",
  params: named,
  body: assignment,
  answer: assignmentOutcomes,
});

/** Assigns the cards that may be, together. */
export const assignCardsToSource = endpoint({
  method: "POST",
  path: "/sources/:name/assignments",
  role: "operator",
  params: named,
  body: assignment,
  answer: assignmentOutcomes,
});

export const sourceEndpoints = [
  listSources,
  readSource,
  readSourceActivity,
  createSource,
  rotateSourceToken,
  changeSource,
  previewAssignment,
  assignCardsToSource,
] as const;
