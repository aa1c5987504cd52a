/**
 * Cuts text into what search compares, the same at build time and in the browser. Chinese has no spaces: each pair of
 * neighbouring characters is a term, so that any part of a sentence is found. Latin words are taken whole.
 */
export function tokenizeQuery(text: string): string[] {
  return runsOf(text).flatMap((run) => (isHan(run) ? pairs([...run]) : [run.toLowerCase()]));
}

/**
 * The same for what is searched, where words that are joined by underscores or capitals are there in parts too:
 * sign_lower_case is found by "lower", memberInfo by "info".
 */
export function tokenize(text: string): string[] {
  return runsOf(text).flatMap((run) => {
    if (isHan(run)) return pairs([...run]);
    const parts = run.split(/_+|(?<=[a-z])(?=[A-Z])/).filter((part) => part !== "");
    return (parts.length > 1 ? [run, ...parts] : [run]).map((part) => part.toLowerCase());
  });
}

/** Stretches of Chinese, and words of anything else. */
function runsOf(text: string): string[] {
  return text.normalize("NFKC").match(/\p{Script=Han}+|(?:(?!\p{Script=Han})[\p{L}\p{N}_])+/gu) ?? [];
}

function isHan(run: string): boolean {
  return /^\p{Script=Han}/u.test(run);
}

function pairs(characters: readonly string[]): string[] {
  if (characters.length < 2) return [...characters];
  return characters.slice(1).map((character, at) => `${characters[at]}${character}`);
}
