import { type ReactNode, createContext, use, useCallback, useInsertionEffect, useMemo, useState } from "react";

/** The languages of both applications; Chinese is the first. */
export type Language = "zh" | "en";

/** Chooses the sentence of the language that is shown. Both are written where they are used. */
export type Translate = (zh: string, en: string) => string;

interface LanguageChoice {
  readonly language: Language;
  readonly t: Translate;
  readonly setLanguage: (language: Language) => void;
}

const storageKey = "dks-language";

const LanguageContext = createContext<LanguageChoice | undefined>(undefined);

/** What was chosen before, otherwise what the browser asks for, otherwise Chinese. */
function initialLanguage(): Language {
  const stored = localStorage.getItem(storageKey);
  if (stored === "zh" || stored === "en") return stored;
  const asked = navigator.languages.find((language) => /^(zh|en)\b/i.test(language));
  return asked !== undefined && /^en\b/i.test(asked) ? "en" : "zh";
}

interface ProviderProps {
  readonly children: ReactNode;
  /** What an address asks for, above the reader's own choice. */
  readonly fixed?: Language | undefined;
}

export function LanguageProvider({ children, fixed }: ProviderProps) {
  const [own, setLanguage] = useState(initialLanguage);
  const language = fixed ?? own;
  // Before the effects of what is within, which may ask the document for it.
  useInsertionEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const choose = useCallback((chosen: Language) => {
    localStorage.setItem(storageKey, chosen);
    setLanguage(chosen);
  }, []);
  const value = useMemo<LanguageChoice>(
    () => ({ language, t: (zh, en) => (language === "zh" ? zh : en), setLanguage: choose }),
    [language, choose],
  );
  return <LanguageContext value={value}>{children}</LanguageContext>;
}

export function useLanguage(): LanguageChoice {
  const choice = use(LanguageContext);
  if (choice === undefined) throw new Error("useLanguage outside LanguageProvider");
  return choice;
}
