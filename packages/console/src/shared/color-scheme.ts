import { useSyncExternalStore } from "react";

/** What the user has chosen; `system` follows the device, at once when it changes. */
export type SchemeChoice = "system" | "light" | "dark";

const storageKey = "dks-color-scheme";
const deviceIsDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function schemeChoice(): SchemeChoice {
  const stored = localStorage.getItem(storageKey);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseScheme(choice: SchemeChoice): void {
  if (choice === "system") localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, choice);
  for (const listener of listeners) listener();
}

function isDark(): boolean {
  const choice = schemeChoice();
  return choice === "system" ? deviceIsDark.matches : choice === "dark";
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  deviceIsDark.addEventListener("change", listener);
  return () => {
    listeners.delete(listener);
    deviceIsDark.removeEventListener("change", listener);
  };
}

/** Whether the page is dark now. */
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, isDark);
}
