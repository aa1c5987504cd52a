import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const clientParams = Type.Object({ client_id: Type.String({ pattern: "^iot[a-z0-9]{20}$" }) });
const accountParams = Type.Object({ account_no: Type.Integer({ minimum: 1 }) });

const status = Type.Union([Type.Literal("normal"), Type.Literal("suspended")]);

/** Of the record as it was read: a change in view of an older one is refused. */
const version = Type.Integer({ minimum: 1 });

const moment = Type.Union([Type.String(), Type.Null()]);

/** What may be changed of a client: no addresses, any may call; no rate, the platform's default. */
const clientValues = {
  allow_ips: Type.Array(Type.String({ maxLength: 100 }), { maxItems: 1_000 }),
  rate_per_second: Type.Union([Type.Integer({ minimum: 1, maximum: 100_000 }), Type.Null()]),
};

const listedValues = {
  client_id: Type.String(),
  status,
  ...clientValues,
  created_at: Type.String(),
  last_used_at: moment,
  /** Whether a secret that is being rotated out still verifies. */
  rotating: Type.Boolean(),
};

const listedClient = Type.Object(listedValues);

/** A secret without the secret. */
const secret = Type.Object({
  secret_no: Type.Integer(),
  state: Type.Union([Type.Literal("current"), Type.Literal("ending"), Type.Literal("expired")]),
  created_at: Type.String(),
  /** Null for the current one. */
  expires_at: moment,
  /** When it last verified a call, exact to about half a minute. */
  last_used_at: moment,
});

const client = Type.Object({
  client_id: Type.String(),
  account_no: Type.Integer(),
  account_name: Type.String(),
  account_status: status,
  status,
  ...clientValues,
  /** What no rate of its own comes to. */
  default_rate_per_second: Type.Integer(),
  version,
  created_at: Type.String(),
  /** The newest first; of the expired only the last few. */
  secrets: Type.Array(secret),
});

/** A secret in the clear: it is told this once. */
const issued = Type.Object({ client_id: Type.String(), client_secret: Type.String() });

export const searchClients = endpoint({
  method: "GET",
  path: "/clients",
  role: "viewer",
  query: Type.Object({
    /** How its id begins, the whole number of its account, or a part of that one's name. */
    search: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    status: Type.Optional(status),
    cursor: Type.Optional(Type.String({ maxLength: 40 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({
    list: Type.Array(
      Type.Object({
        ...listedValues,
        account_no: Type.Integer(),
        account_name: Type.String(),
        account_status: status,
      }),
    ),
    next_cursor: Type.Optional(Type.String()),
  }),
});

export const listClients = endpoint({
  method: "GET",
  path: "/accounts/:account_no/clients",
  role: "viewer",
  params: accountParams,
  answer: Type.Object({ list: Type.Array(listedClient), more: Type.Boolean() }),
});

export const createClient = endpoint({
  method: "POST",
  path: "/accounts/:account_no/clients",
  role: "admin",
  params: accountParams,
  body: Type.Object(clientValues),
  answer: issued,
});

export const showClient = endpoint({
  method: "GET",
  path: "/clients/:client_id",
  role: "viewer",
  params: clientParams,
  answer: client,
});

export const updateClient = endpoint({
  method: "PATCH",
  path: "/clients/:client_id",
  role: "operator",
  params: clientParams,
  body: Type.Object({ version, ...clientValues }),
  answer: client,
});

export const setClientStatus = endpoint({
  method: "PUT",
  path: "/clients/:client_id/status",
  role: "operator",
  params: clientParams,
  body: Type.Object({ version, status }),
  answer: client,
});

export const rotateSecret = endpoint({
  method: "POST",
  path: "/clients/:client_id/rotation",
  role: "admin",
  params: clientParams,
  body: Type.Object({
    version,
    /** For how long the secret so far verifies beside the new one; a year at most. */
    overlap_seconds: Type.Integer({ minimum: 0, maximum: 366 * 86_400 }),
  }),
  answer: issued,
});

/** Lets only the newest secret verify, from now on. */
export const endRotation = endpoint({
  method: "POST",
  path: "/clients/:client_id/rotation/end",
  role: "admin",
  params: clientParams,
  body: Type.Object({ version }),
  answer: client,
});

export const clientEndpoints = [
  searchClients,
  listClients,
  createClient,
  showClient,
  updateClient,
  setClientStatus,
  rotateSecret,
  endRotation,
] as const;
