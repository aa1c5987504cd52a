/**
 * The longest run of letters and digits that is kept in free text: a client_id has 23 and an ICCID 20, a secret 40, and so has a
 * signature. A secret is one run, so that none of its can be kept whole, whoever's it is.
 */
export const freeRunMax = 23;

/** How much in a row of the caller's own secret is too much. The 25 characters that may remain unknown are 129 bits. */
const secretPieceMin = 16;

/** The secrets of whoever calls, the old ones too; undefined where nobody knows who that is. */
export type KnownSecrets = readonly { readonly secret: string }[] | undefined;

/**
 * A text without what could be a secret or a signature: each run of more than `runMax` letters and digits, and each that has
 * sixteen characters or more in common with a known secret, in whatever case, is replaced by its length. What a caller
 * puts into the wrong place is often enough its secret.
 */
export function maskSecrets(text: string, secrets: KnownSecrets, runMax: number): string {
  if (text.length < secretPieceMin) return text;
  return text.replaceAll(/[0-9A-Za-z]{16,}/g, (run) =>
    run.length > runMax || (secrets !== undefined && sharesPiece(run, secrets)) ? `[${run.length}]` : run,
  );
}

function sharesPiece(run: string, secrets: readonly { readonly secret: string }[]): boolean {
  const lower = run.toLowerCase();
  for (const { secret } of secrets)
    for (let at = 0; at + secretPieceMin <= lower.length; at++)
      if (secret.includes(lower.slice(at, at + secretPieceMin))) return true;
  return false;
}
