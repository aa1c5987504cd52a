import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const accountParams = Type.Object({ account_no: Type.Integer({ minimum: 1 }) });

const status = Type.Union([Type.Literal("normal"), Type.Literal("suspended")]);

/** 1 gold, 2 silver, 3 bronze, 4 VIP, 5 diamond. */
const rank = Type.Integer({ minimum: 1, maximum: 5 });

/** Of the record as it was read: a change in view of an older one is refused. */
const version = Type.Integer({ minimum: 1 });

const accountValues = {
  account_no: Type.Integer(),
  name: Type.String(),
  rank,
  balance: Type.String(),
  status,
  version,
  created_at: Type.String(),
};

const account = Type.Object(accountValues);

export const listAccounts = endpoint({
  method: "GET",
  path: "/accounts",
  role: "viewer",
  query: Type.Object({
    /** A part of the name, the whole number, or how the id of one of its clients begins. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    status: Type.Optional(status),
    cursor: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({
    list: Type.Array(Type.Object({ ...accountValues, clients: Type.Integer() })),
    next_cursor: Type.Optional(Type.Integer()),
  }),
});

export const createAccount = endpoint({
  method: "POST",
  path: "/accounts",
  role: "operator",
  body: Type.Object({ name: Type.String(), rank }),
  answer: account,
});

export const showAccount = endpoint({
  method: "GET",
  path: "/accounts/:account_no",
  role: "viewer",
  params: accountParams,
  answer: Type.Object({
    ...accountValues,
    /** Not counted any further than is quick: there are more where `cards_more` says so. */
    cards: Type.Integer(),
    cards_more: Type.Boolean(),
  }),
});

export const updateAccount = endpoint({
  method: "PATCH",
  path: "/accounts/:account_no",
  role: "operator",
  params: accountParams,
  body: Type.Object({ version, name: Type.String(), rank }),
  answer: account,
});

export const setAccountStatus = endpoint({
  method: "PUT",
  path: "/accounts/:account_no/status",
  role: "operator",
  params: accountParams,
  body: Type.Object({ version, status }),
  answer: account,
});

const movementKind = Type.Union([Type.Literal("opening"), Type.Literal("top_up"), Type.Literal("correction")]);

const movement = Type.Object({
  movement_no: Type.Integer(),
  kind: movementKind,
  amount: Type.String(),
  balance_after: Type.String(),
  remark: Type.String(),
  request_no: Type.String(),
  actor_kind: Type.Union([Type.Literal("staff"), Type.Literal("cli"), Type.Literal("system")]),
  actor_name: Type.String(),
  at: Type.String(),
});

/** Times are ISO 8601; `to` is not included. */
const movementFilters = {
  kind: Type.Optional(movementKind),
  from: Type.Optional(Type.String({ format: "date-time" })),
  to: Type.Optional(Type.String({ format: "date-time" })),
};

export const listMovements = endpoint({
  method: "GET",
  path: "/accounts/:account_no/movements",
  role: "viewer",
  params: accountParams,
  query: Type.Object({
    ...movementFilters,
    cursor: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({ list: Type.Array(movement), next_cursor: Type.Optional(Type.Integer()) }),
});

/** The same as CSV, all of it. */
export const exportMovements = endpoint({
  method: "GET",
  path: "/accounts/:account_no/movements/export",
  role: "viewer",
  params: accountParams,
  query: Type.Object(movementFilters),
});

export const bookMovement = endpoint({
  method: "POST",
  path: "/accounts/:account_no/movements",
  role: "admin",
  params: accountParams,
  body: Type.Object({
    kind: Type.Union([Type.Literal("top_up"), Type.Literal("correction")]),
    /** With at most two decimals; a correction's may be below zero. */
    amount: Type.String({ maxLength: 20 }),
    remark: Type.String(),
    /** Made when the form was opened: what comes twice under it is booked once. */
    request_no: Type.String({ pattern: "^[0-9A-Za-z_-]{1,64}$" }),
  }),
  answer: Type.Object({ movement, repeated: Type.Boolean() }),
});

export const accountEndpoints = [
  listAccounts,
  createAccount,
  showAccount,
  updateAccount,
  setAccountStatus,
  listMovements,
  exportMovements,
  bookMovement,
] as const;
