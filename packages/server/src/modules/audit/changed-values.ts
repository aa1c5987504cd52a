type Values = Readonly<Record<string, unknown>>;

/** What of `after` differs from `before`, and what it was: as an event records it. Undefined if nothing does. */
export function changedValues(before: Values, after: Values): { before: Values; after: Values } | undefined {
  const names = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  if (names.length === 0) return undefined;
  return {
    before: Object.fromEntries(names.map((name) => [name, before[name]])),
    after: Object.fromEntries(names.map((name) => [name, after[name]])),
  };
}
