import { Type } from "typebox";
import { escapeCopy } from "../../db/copy.ts";
import { type AppError, refusals } from "../../errors.ts";
import type { EndedCall } from "../../http/call.ts";
import type { Route } from "../../http/operation.ts";
import type { Credentials } from "../clients/credentials.ts";
import { type KnownSecrets, freeRunMax, maskSecrets } from "./mask.ts";

/** The columns of call_log in the order of a line. */
export const lineColumns =
  "at_ms, request_id, client_id, account_no, operation, errcode, hint, http_status, duration_us, address, user_agent, parameters, detail_zh, detail_en";

const clientIdPattern = /^iot[a-z0-9]{20}$/;

/** The longest run of letters and digits kept of a value that fits its declaration: a serial_no may have so many. */
const valueRunMax = 32;

const valueCharactersMax = 200;
const userAgentCharactersMax = 200;
const pathCharactersMax = 80;
const nameCharactersMax = 40;
const detailCharactersMax = 1_000;
/** What a body of 16 KiB holds beyond that many is no call that anyone means. */
const parametersMax = 50;

/** What is left out of a line is none. */
const none = "\\N";

/**
 * A call as COPY reads it. What might be a secret is not in it:
 * - `sign` never is.
 * - A declared parameter's value is kept if it fits its declaration, and otherwise only told of by its length and kinds of characters:
 *   a secret, 40 letters and digits, fits no declaration of ours but that of a free text.
 * - Of an undeclared parameter, which nobody can say anything of, the name and the length are kept.
 * - Every text that is kept goes through {@link maskSecrets}, the refusal's too, which repeats what was sent.
 */
export function callLine(call: EndedCall, known: Credentials | null | undefined, address: string): string {
  const { refusal, caller } = call;
  const clientId = clientIdOf(call, known);
  const secrets = known?.secrets;
  const agent = call.request?.headers["user-agent"];
  return (
    `${call.atMs}\t${call.requestId}\t${clientId ?? none}` +
    `\t${caller?.accountNo ?? known?.accountNo ?? none}\t${operationOf(call)}` +
    `\t${refusal === undefined ? 0 : refusals[refusal.refusal].errcode}\t${refusal?.hint ?? none}` +
    `\t${call.status ?? none}\t${durationUs(call)}\t${address === "" ? none : address}` +
    `\t${agent === undefined ? none : agentOf(agent, secrets)}` +
    `\t${parametersOf(call, clientId, secrets)}\t${detailOf(refusal, secrets)}\n`
  );
}

/** As the statistics have it: none for a path that does not exist, of which anyone can make up as many as they like. */
export function knownOperation({ route, notes, path }: EndedCall): string {
  return route?.operation.path ?? (notes === undefined ? "" : path);
}

export function durationUs({ elapsedMs }: EndedCall): number {
  return Math.round(elapsedMs * 1000);
}

/** The client's id where there is such a client, and the caller had said it was that one. */
export function knownClientId({ caller }: EndedCall, known: Credentials | null | undefined): string {
  return caller?.clientId ?? known?.clientId ?? "";
}

/** What was given for one, if it may be; a client's that is known need not be looked at again. */
function clientIdOf({ parameters }: EndedCall, known: Credentials | null | undefined): string | undefined {
  const given = parameters?.["client_id"];
  return given !== undefined && (known || clientIdPattern.test(given)) ? given : undefined;
}

function operationOf(call: EndedCall): string {
  return knownOperation(call) || free(call.path, undefined, pathCharactersMax);
}

/** What each client last called with, as it is kept: it hardly ever changes, and looking it through is half of what a line costs. */
const lastAgents = new WeakMap<object, { readonly agent: string; readonly kept: string }>();

function agentOf(agent: string, secrets: KnownSecrets): string {
  const last = secrets === undefined ? undefined : lastAgents.get(secrets);
  if (last?.agent === agent) return last.kept;
  const kept = free(agent, secrets, userAgentCharactersMax);
  if (secrets !== undefined) lastAgents.set(secrets, { agent, kept });
  return kept;
}

function detailOf(refusal: AppError | undefined, secrets: KnownSecrets): string {
  if (refusal?.detail === undefined) return `${none}\t${none}`;
  const { zh, en } = refusal.detail;
  return `${free(zh, secrets, detailCharactersMax)}\t${free(en, secrets, detailCharactersMax)}`;
}

/**
 * Masked before it is cut, which could leave of a run what is too short to be seen for one. Without NUL, which PostgreSQL
 * takes in no text: the whole batch would be refused.
 */
function free(text: string, secrets: KnownSecrets, charactersMax: number): string {
  const kept = cut(maskSecrets(text, secrets, freeRunMax), charactersMax);
  return escapeCopy(kept.includes("\0") ? kept.replaceAll("\0", "\uFFFD") : kept);
}

function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text;
}

function parametersOf(
  { parameters, route, notes }: EndedCall,
  clientId: string | undefined,
  secrets: KnownSecrets,
): string {
  if (notes !== undefined) return escapeCopy(JSON.stringify(notes));
  if (parameters === undefined || route === undefined) return none;
  const declared = declaredBy(route);
  let json = "";
  let count = 0;
  for (const name of Object.keys(parameters)) {
    if (name === "sign") continue;
    const value = parameters[name] ?? "";
    if (name === "client_id" && value === clientId) continue;
    if (++count > parametersMax) continue;
    const fits = declared.get(name);
    const shownName = fits === undefined ? cut(maskSecrets(name, secrets, freeRunMax), nameCharactersMax) : name;
    json += `${json === "" ? "" : ","}"${shownName}":${fits === undefined ? `{"length":${value.length}}` : valueOf(value, fits, secrets)}`;
  }
  // No parameter can be called that.
  if (count > parametersMax) json += `,"…":{"length":${count - parametersMax}}`;
  return `{${json}}`;
}

function valueOf(value: string, fits: RegExp, secrets: KnownSecrets): string {
  if (!fits.test(value)) return `{"length":${value.length},"characters":"${kindsOf(value)}"}`;
  const kept = cut(maskSecrets(value, secrets, valueRunMax), valueCharactersMax);
  return /^[ !#-[\]-~]*$/.test(kept) ? `"${kept}"` : escapeCopy(JSON.stringify(kept));
}

/** What a value is made of, for a person to recognise "8700 0001" or a word by. */
function kindsOf(value: string): string {
  const kinds: readonly [string, RegExp][] = [
    ["0-9", /[0-9]/],
    ["a-z", /[a-z]/],
    ["A-Z", /[A-Z]/],
    ["space", /\s/],
    ["sign", /[!-/:-@[-`{-~]/],
    ["other", /[^!-~\s]/],
  ];
  return kinds
    .filter(([, kind]) => kind.test(value))
    .map(([name]) => name)
    .join(" ");
}

/** What the values of a route's parameters must look like to be kept. */
const declarations = new WeakMap<Route, ReadonlyMap<string, RegExp>>();

function declaredBy(route: Route): ReadonlyMap<string, RegExp> {
  let declared = declarations.get(route);
  if (declared === undefined) {
    declared = new Map([
      ["client_id", clientIdPattern],
      ["timestamp", /^-?\d{1,20}$/],
      ...Object.entries(route.operation.parameters.properties).map(([name, schema]): [string, RegExp] => {
        if (Type.IsInteger(schema)) return [name, /^-?\d{1,16}$/];
        // What has no pattern may be anything, so that nothing of it is kept.
        const pattern = "pattern" in schema && typeof schema["pattern"] === "string" ? schema["pattern"] : "(?!)";
        return [name, new RegExp(pattern)];
      }),
    ]);
    declarations.set(route, declared);
  }
  return declared;
}
