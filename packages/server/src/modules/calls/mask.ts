/**
 * The longest run of letters and digits that is kept in free text: a client_id has 23 and an ICCID 20, a secret 40, and so has a
 * signature. A secret is one run, so that none of its can be kept whole, whoever's it is.
 */
export const freeRunMax = 23;

/** How much in a row of the caller's own secret is too much. The 28 characters that may remain unknown are 144 bits. */
const secretPieceMin = 12;
const secretLength = 40;

/** So long a mixture of letters and digits may be a part of the secret of somebody whom nobody knows yet. */
const mixtureMin = 16;
/** And so long a one in groups, as XXXX-XXXX. */
const groupedMixtureMin = 32;
const clientIdPattern = /^iot[a-z0-9]{20}$/;

/** The secrets of whoever calls, the old ones too; undefined where nobody knows who that is. */
export type KnownSecrets = readonly { readonly secret: string }[] | undefined;

/**
 * A text without what could be a secret or a signature. What a caller puts into the wrong place is often enough its secret.
 * Replaced by its length is each run of more than `runMax` letters and digits, and each that has twelve characters or more in
 * common with a known secret, in whatever case; where none is known, in free text, each mixture of sixteen and more that is no
 * client_id, and each longer one in groups. A text that holds a known secret in groups is replaced as a whole.
 */
export function maskSecrets(text: string, secrets: KnownSecrets, runMax: number): string {
  if (text.length < secretPieceMin) return text;
  const shown = (run: string): string =>
    run.length > runMax || (secrets === undefined ? isMixture(run, runMax) : sharesPiece(run, secrets))
      ? `[${run.length}]`
      : run;
  // A card's number, as in nearly every call, is one run, and looking for runs takes several times as long.
  if (/^[0-9A-Za-z]*$/.test(text)) return shown(text);
  const ungrouped =
    secrets === undefined && runMax === freeRunMax
      ? text.replaceAll(/[0-9A-Za-z]+(?:[-_.:][0-9A-Za-z]+){2,}/g, (groups) =>
          isGroupedMixture(groups) ? `[${groups.length}]` : groups,
        )
      : text;
  const masked = ungrouped.replaceAll(/[0-9A-Za-z]{12,}/g, shown);
  // Last, so that the words around one that stood in a single run stay.
  return masked.length > secretLength && secrets !== undefined && holdsInGroups(masked, secrets)
    ? `[${text.length}]`
    : masked;
}

/** A parameter's value that fits its declaration may well be one. */
function isMixture(run: string, runMax: number): boolean {
  if (run.length < mixtureMin || runMax !== freeRunMax) return false;
  return /[0-9]/.test(run) && /[A-Za-z]/.test(run) && !clientIdPattern.test(run);
}

/** As people write down what is long. No sentence has so much between its signs, and digits in it. */
function isGroupedMixture(groups: string): boolean {
  const joined = groups.replaceAll(/[^0-9A-Za-z]/g, "");
  return joined.length >= groupedMixtureMin && joined.replaceAll(/[^0-9]/g, "").length >= 3;
}

function holdsInGroups(text: string, secrets: readonly { readonly secret: string }[]): boolean {
  const joined = text.replaceAll(/[^0-9A-Za-z]/g, "").toLowerCase();
  return joined.length >= secretLength && secrets.some(({ secret }) => joined.includes(secret));
}

function sharesPiece(run: string, secrets: readonly { readonly secret: string }[]): boolean {
  const lower = run.toLowerCase();
  for (const { secret } of secrets)
    for (let at = 0; at + secretPieceMin <= lower.length; at++)
      if (secret.includes(lower.slice(at, at + secretPieceMin))) return true;
  return false;
}
