import { type ReactNode, useCallback } from "react";
import { useLocation } from "react-router";
import { type Language, LanguageProvider } from "../../shared/language.tsx";

/**
 * An address of the portal may begin with a language: /docs/en/signing is in English for everyone, so that it can be
 * passed on; /docs/signing, where refusals and links lead, is in the reader's own. Whoever switches the language gets
 * addresses that name it.
 */
const named = /^\/(zh|en)(?=\/|$)/;

function languageOf(pathname: string): Language | undefined {
  const [, language] = named.exec(pathname) ?? [];
  return language === "zh" || language === "en" ? language : undefined;
}

/** A page's own path: without a language in front, and without a slash at the end. */
function pathOf(pathname: string): string {
  return pathname.replace(named, "").replace(/\/+$/, "") || "/";
}

/** The path of the page that the reader is on, such as "/signing". */
export function usePath(): string {
  return pathOf(useLocation().pathname);
}

/** Makes addresses of pages' paths, which keep to the language that the present one names. */
export function useAddressOf(): (path: string) => string {
  const language = languageOf(useLocation().pathname);
  return useCallback((path) => (language === undefined ? path : `/${language}${path === "/" ? "" : path}`), [language]);
}

/** The address of what is shown, in a language. */
export function useAddressIn(language: Language): string {
  const { search, hash } = useLocation();
  const path = usePath();
  return `/${language}${path === "/" ? "" : path}${search}${hash}`;
}

/** The language of everything: the one that the address names, or else the reader's. */
export function AddressLanguage({ children }: { readonly children: ReactNode }) {
  return <LanguageProvider fixed={languageOf(useLocation().pathname)}>{children}</LanguageProvider>;
}
