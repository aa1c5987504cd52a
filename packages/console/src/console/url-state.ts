import { useCallback } from "react";
import { useSearchParams } from "react-router";

/**
 * What a page is narrowed to, kept in its address, so that a link shows the same and the browser's back button undoes it.
 * An empty text is one that is not set.
 */
export function useUrlState<Name extends string>(
  names: readonly Name[],
): [Readonly<Record<Name, string | undefined>>, (changed: Partial<Record<Name, string | undefined>>) => void] {
  const [search, setSearch] = useSearchParams();
  const state = Object.fromEntries(names.map((name) => [name, search.get(name) ?? undefined])) as Record<
    Name,
    string | undefined
  >;
  const change = useCallback(
    (changed: Partial<Record<Name, string | undefined>>) => {
      setSearch((before) => {
        const after = new URLSearchParams(before);
        for (const [name, value] of Object.entries<string | undefined>(changed))
          if (value === undefined || value === "") after.delete(name);
          else after.set(name, value);
        return after;
      });
    },
    [setSearch],
  );
  return [state, change];
}
