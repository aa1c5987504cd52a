import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const orNull = <T extends ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(type: T) =>
  Type.Union([type, Type.Null()]);

/** What the list shows of a call. Times are ISO 8601 with milliseconds. */
const summary = {
  request_id: Type.String(),
  at: Type.String(),
  client_id: orNull(Type.String()),
  account_no: orNull(Type.Integer()),
  /** A path; empty: it was no HTTP. */
  operation: Type.String(),
  errcode: Type.Integer(),
  hint: orNull(Type.String()),
  /** Null: the caller had hung up, and nothing was answered. */
  http_status: orNull(Type.Integer()),
  duration_us: Type.Integer(),
  address: orNull(Type.String()),
};

const bothLanguages = Type.Object({ zh: Type.String(), en: Type.String() });

const call = Type.Object({
  ...summary,
  /** Null where the account is not known, or is there no more. */
  account_name: orNull(Type.String()),
  user_agent: orNull(Type.String()),
  /** Null: the body was not read, or is none. */
  parameters: Type.Union([
    Type.Array(
      Type.Object({
        name: Type.String(),
        /** Null: it was not kept, since it could have been a secret. */
        value: orNull(Type.String()),
        /** Of what was sent, where it was not kept. */
        length: orNull(Type.Integer()),
        /** Of what it was made: some of 0-9, a-z, A-Z, space, sign, other; empty where that is not known. */
        characters: Type.Array(Type.String()),
      }),
    ),
    Type.Null(),
  ]),
  /** What the caller read as errmsg, in each language; what could be a secret is masked. */
  errmsg: bothLanguages,
  /** The part of it that says what was found and what to change. */
  detail: Type.Union([bothLanguages, Type.Null()]),
});

/** Calls that were answered and are not in the log. */
const gap = Type.Object({
  from: Type.String(),
  to: Type.String(),
  /** The database was away or too slow; it refused them; refusals of who had not signed, beyond so many a second. */
  reason: Type.Union([Type.Literal("buffer_full"), Type.Literal("not_written"), Type.Literal("strangers")]),
  calls: Type.Integer(),
});

/** The newest first. `to` is not included. Without `from`, as far back as the log is kept. */
export const searchCalls = endpoint({
  method: "GET",
  path: "/calls",
  role: "viewer",
  query: Type.Object({
    from: Type.Optional(Type.String({ format: "date-time" })),
    to: Type.Optional(Type.String({ format: "date-time" })),
    client_id: Type.Optional(Type.String({ maxLength: 40 })),
    account_no: Type.Optional(Type.Integer({ minimum: 1 })),
    operation: Type.Optional(Type.String({ maxLength: 100 })),
    errcode: Type.Optional(Type.Integer({ minimum: 0, maximum: 99_999 })),
    refused: Type.Optional(Type.Boolean()),
    address: Type.Optional(Type.String({ maxLength: 45 })),
    serial_no: Type.Optional(Type.String({ pattern: "^[0-9A-Za-z]{1,32}$" })),
    cursor: Type.Optional(Type.String({ maxLength: 40 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
  }),
  answer: Type.Object({
    list: Type.Array(Type.Object(summary)),
    /** Where to go on; null: all that was asked for has been looked through. There may be one though nothing was found. */
    next_cursor: orNull(Type.String()),
    /** How far back this page has looked, and the moment at which it began. */
    searched_to: Type.String(),
    searched_from: Type.String(),
    gaps: Type.Array(gap),
  }),
});

/** Null: it is not in the log; then `at` and `gaps` help to say why. */
export const findCall = endpoint({
  method: "GET",
  path: "/calls/:request_id",
  role: "viewer",
  params: Type.Object({ request_id: Type.String({ maxLength: 100 }) }),
  answer: Type.Object({
    call: Type.Union([call, Type.Null()]),
    /** The second in which it was made, as its id says; null: it is no id of a call. */
    at: orNull(Type.String()),
    /** Around that second. */
    gaps: Type.Array(gap),
  }),
});

/** What can be searched for, and how long calls are kept; 0: they are not logged. */
export const callSearchChoices = endpoint({
  method: "GET",
  path: "/call-search-choices",
  role: "viewer",
  answer: Type.Object({
    kept_days: Type.Integer(),
    operations: Type.Array(Type.String()),
    errcodes: Type.Array(Type.Object({ errcode: Type.Integer(), text: Type.String() })),
  }),
});

export const callEndpoints = [searchCalls, findCall, callSearchChoices] as const;
