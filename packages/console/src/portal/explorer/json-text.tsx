/** JSON with its names set apart from its values. */
export function JsonText({ text }: { readonly text: string }) {
  const parts = text.split(/("(?:[^"\\]|\\.)*")(?=\s*:)/);
  return parts.map((part, index) =>
    // Every second part is what was captured: a name.
    index % 2 === 1 ? (
      <span key={index} className="explorer-json-name">
        {part}
      </span>
    ) : (
      part
    ),
  );
}

/** Indented, if it is JSON at all. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
