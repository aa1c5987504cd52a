/** The languages the platform speaks to people; Chinese is the first. */
export type Language = "zh" | "en";

/** One sentence in every language. Each is written by hand as a native would, not translated word by word. */
export type Text = Readonly<Record<Language, string>>;

export function text(zh: string, en: string): Text {
  return { zh, en };
}
