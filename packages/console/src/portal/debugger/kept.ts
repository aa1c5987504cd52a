import { useSyncExternalStore } from "react";

/**
 * State that outlives the page that shows it, so that nothing typed is lost by following a link, and that another page
 * can hand over. It is in memory alone and gone when the tab is: there may be a secret in it, and what the router
 * carries is kept in the browser's history.
 */
export function kept<State extends object>(initial: State) {
  let state = initial;
  const listeners = new Set<() => void>();

  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  return {
    useState: (): State => useSyncExternalStore(subscribe, () => state),
    change(changed: Partial<State>): void {
      state = { ...state, ...changed };
      for (const listener of listeners) listener();
    },
  };
}
