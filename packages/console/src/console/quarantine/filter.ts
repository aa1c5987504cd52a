import type { CallInput } from "../api.ts";
import { useUrlState } from "../url-state.ts";
import { isStatus } from "./words.ts";

type Query = CallInput<"GET /quarantine">["query"];
/** What the quarantine is narrowed to, as its calls take it. */
export type Filter = Omit<Query, "cursor" | "limit">;

const names = ["source", "status", "hint", "subject", "text", "from", "before", "cursor", "entry"] as const;

/** The page's state, all of it in its address. Another filter starts the list over. */
export function useQuarantineState() {
  const [state, change] = useUrlState(names);
  const { source, hint, subject, text, from, before } = state;
  const filter: Filter = {
    ...(source === undefined ? {} : { source }),
    ...(isStatus(state.status) ? { status: state.status } : {}),
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
    ...(text === undefined ? {} : { text }),
    ...(from === undefined ? {} : { from }),
    ...(before === undefined ? {} : { before }),
  };
  return {
    filter,
    cursor: state.cursor,
    entry: state.entry,
    narrow: (changed: Partial<Record<keyof Filter, string | undefined>>) => change({ ...changed, cursor: undefined }),
    goOn: (cursor: string | undefined) => change({ cursor }),
    openEntry: (entry: string | undefined) => change({ entry }),
  };
}
