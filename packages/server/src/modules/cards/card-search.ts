import type { Db } from "../../db/database.ts";
import { type ListedCardRow, selectListedCards } from "./card-list.queries.ts";
import { selectIdentifiers } from "./cards.queries.ts";
import { iccidPattern, identifierPattern, lookupValues, matchesIccid } from "./identifier.ts";
import { selectCardsByNumber } from "./subjects.queries.ts";

/** What a card may be found by. */
export const identifierKinds = ["serial_no", "custom_no", "iccid", "iccid_suffix", "msisdn", "imsi"] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

/** What a text typed into the search box names. */
export interface IdentifierSearch {
  /** The text without the spaces and signs that come along when a number is copied. */
  readonly text: string;
  /** What it was looked up as; empty if it cannot be an identifier at all. */
  readonly tried: readonly IdentifierKind[];
  /** The cards that it names, whosesoever they are: a custom number may stand for one of each account. */
  readonly found: readonly { readonly kind: IdentifierKind; readonly card: ListedCardRow }[];
}

/** The longest list of cards that one identifier may bring: an MSISDN had other cards before, ten digits end several ICCIDs. */
const foundMax = 100;

/** Numbers are copied with blanks and hyphens in them, and of an MSISDN with its country. */
function searchedText(typed: string): string {
  return typed.replaceAll(/[\s\u00a0\u200b\ufeff-]/g, "").replace(/^\+86(?=1\d{10}$)/, "");
}

/** Looks a text up by every identifier that it may be, each along its own index. */
export async function searchIdentifier(db: Db, typed: string): Promise<IdentifierSearch> {
  const text = searchedText(typed);
  const tried = triedKinds(text);
  if (tried.length === 0) return { text, tried, found: [] };
  const [identified, numbered] = await Promise.all([
    selectIdentifiers(db, lookupValues(text)),
    /^[0-9]{5,15}$/.test(text) ? selectCardsByNumber(db, [text]) : [],
  ]);
  const serialNos = new Set([text, ...[...identified, ...numbered].map(({ serial_no }) => serial_no)]);
  const cards = await selectListedCards(db, [...serialNos].slice(0, foundMax));
  return {
    text,
    tried,
    found: cards
      .flatMap((card) => {
        const kind = kindOf(text, card);
        return kind === undefined ? [] : [{ kind, card }];
      })
      .toSorted((a, b) => identifierKinds.indexOf(a.kind) - identifierKinds.indexOf(b.kind)),
  };
}

function triedKinds(text: string): IdentifierKind[] {
  if (!identifierPattern.test(text)) return [];
  return identifierKinds.filter((kind) => patterns[kind].test(text));
}

/** What each looks like: as the import takes it. */
const patterns: Readonly<Record<IdentifierKind, RegExp>> = {
  serial_no: identifierPattern,
  custom_no: /^[0-9]{6,16}$/,
  iccid: new RegExp(iccidPattern.source, "i"),
  iccid_suffix: /^[0-9A-F]{10}$/i,
  msisdn: /^[0-9]{5,15}$/,
  imsi: /^[0-9]{14,15}$/,
};

function kindOf(text: string, card: ListedCardRow): IdentifierKind | undefined {
  if (card.serial_no === text) return "serial_no";
  if (card.custom_no === text) return "custom_no";
  if (card.iccid !== null && matchesIccid(text, card.iccid)) return text.length === 10 ? "iccid_suffix" : "iccid";
  if (card.msisdn === text) return "msisdn";
  return card.imsi === text ? "imsi" : undefined;
}
