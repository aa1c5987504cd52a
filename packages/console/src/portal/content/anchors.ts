/** The id of a heading, as GitHub makes it, so that links within the repository's documents lead to the same place here. */
export function slugOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The text of built HTML, for search. */
export function textOf(html: string): string {
  return html
    .replace(/<button[\s\S]*?<\/button>|<a class="anchor"[\s\S]*?<\/a>/g, "")
    .replace(/<\/(p|li|tr|pre|dd|dt|div|h[1-6])>/g, "\n")
    .replace(/<\/t[dh]>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/[ \t]+/g, " ")
    .replace(/\s*\n\s*/g, "\n")
    .trim();
}

/** The link beside a heading or a parameter, by which one gets its address. */
export function anchorLink(id: string): string {
  return `<a class="anchor" href="#${escapeHtml(id)}" aria-hidden="true" tabindex="-1">#</a>`;
}
