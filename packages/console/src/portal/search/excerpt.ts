/** A stretch of text, marked where it matched. */
export interface Piece {
  readonly text: string;
  readonly marked: boolean;
}

const lengthMax = 110;

/** The sentence of a text that most of the terms are in, cut to what fits two lines, with the terms marked. */
export function excerpt(text: string, terms: readonly string[]): Piece[] {
  const sentences = text.split(/(?<=[。！？；])|(?<=[.!?])\s+|\n/).filter((sentence) => sentence.trim() !== "");
  let best = sentences[0] ?? "";
  let most = 0;
  for (const sentence of sentences) {
    const lower = sentence.toLowerCase();
    const count = terms.filter((term) => lower.includes(term)).length;
    if (count > most) {
      most = count;
      best = sentence;
    }
  }
  return mark(cut(best.trim(), terms), terms);
}

/** Around the first match, if the sentence is long. */
function cut(sentence: string, terms: readonly string[]): string {
  if (sentence.length <= lengthMax) return sentence;
  const lower = sentence.toLowerCase();
  const first = Math.min(...terms.map((term) => lower.indexOf(term)).filter((at) => at >= 0), sentence.length);
  const from = first === sentence.length ? 0 : Math.max(0, first - lengthMax / 3);
  return `${from > 0 ? "…" : ""}${sentence.slice(from, from + lengthMax)}${from + lengthMax < sentence.length ? "…" : ""}`;
}

/** Overlapping matches, as the pairs of Chinese characters are, become one mark. */
export function mark(text: string, terms: readonly string[]): Piece[] {
  const lower = text.toLowerCase();
  const hit = Array.from({ length: text.length }, () => false);
  for (const term of terms)
    for (let at = lower.indexOf(term); at >= 0; at = lower.indexOf(term, at + 1)) hit.fill(true, at, at + term.length);
  const pieces: Piece[] = [];
  let from = 0;
  for (let at = 1; at <= text.length; at++) {
    if (at < text.length && hit[at] === hit[from]) continue;
    pieces.push({ text: text.slice(from, at), marked: hit[from] === true });
    from = at;
  }
  return pieces;
}
