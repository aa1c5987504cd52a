import { type BundledLanguage, createHighlighter } from "shiki";
import type { Language } from "../../shared/language.tsx";

const themes = { light: "github-light-high-contrast", dark: "github-dark-high-contrast" };

/** What the documents call a language, and what shiki does. */
const grammars: Record<string, BundledLanguage> = {
  sh: "bash",
  bash: "bash",
  curl: "bash",
  json: "json",
  php: "php",
  python: "python",
  java: "java",
  go: "go",
  csharp: "csharp",
  node: "javascript",
  js: "javascript",
  ts: "typescript",
  csv: "csv",
};

/** Makes code blocks at build time, coloured for both schemes. */
export interface CodeBlocks {
  /** A `pre` element. */
  pre(code: string, grammar: string): string;
  /** The same, in a frame with a button that copies it. */
  block(code: string, grammar: string, language: Language): string;
}

export async function createCodeBlocks(): Promise<CodeBlocks> {
  const highlighter = await createHighlighter({
    themes: Object.values(themes),
    langs: [...new Set(Object.values(grammars))],
  });

  function pre(code: string, grammar: string): string {
    return highlighter.codeToHtml(code.replace(/\n$/, ""), {
      lang: grammars[grammar] ?? "text",
      themes,
      defaultColor: false,
      transformers: [
        {
          pre(node) {
            // Scrolled by the keyboard too.
            node.properties = { tabindex: "0" };
          },
        },
      ],
    });
  }

  return {
    pre,
    block(given, grammar, language) {
      const code = grammar === "json" ? indented(given) : given;
      // A few long lines, of JSON or of a joined string, are read whole; programs keep their lines.
      const lines = code.trimEnd().split("\n");
      const wraps = lines.length <= 3 && lines.some((line) => line.length > 80);
      const button = `<button type="button" class="copy">${copyLabel[language]}</button>`;
      return `<div class="code${wraps ? " wraps" : ""}">${pre(code, grammar)}${button}</div>\n`;
    },
  };
}

/** Answers stand in the documents as they come over the wire, in one line. */
function indented(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    // An abridged one, with an ellipsis.
    return json;
  }
}

const copyLabel: Record<Language, string> = { zh: "复制", en: "Copy" };
