import { refusals } from "../../../../server/src/errors.ts";
import type { Language } from "../../shared/language.tsx";
import { anchorLink, descriptionOf, escapeHtml, textOf } from "./anchors.ts";
import type { Section } from "./markdown.ts";
import type { BuiltPage, SearchEntry } from "./page.ts";

/** An error code of the server's own table, with every HTTP status it comes with. */
export interface Errcode {
  readonly errcode: number;
  readonly statuses: readonly number[];
  readonly text: Record<Language, string>;
}

export const errcodes: readonly Errcode[] = [...Map.groupBy(Object.values(refusals), ({ errcode }) => errcode)]
  .map(([errcode, [first, ...others]]) => ({
    errcode,
    statuses: [...new Set([first, ...others].flatMap((refusal) => refusal?.http ?? []))].sort((a, b) => a - b),
    text: first?.text ?? { zh: "", en: "" },
  }))
  .sort((a, b) => a.errcode - b.errcode);

/** After these the same request may succeed without being changed. */
const repeatable = new Set([50_000, 55_012, 55_050]);

/** The explanation of one error code, as docs/errors.md has it. */
interface Explanation {
  readonly errcode: Errcode;
  readonly introduction: Section;
  readonly hints: readonly Section[];
}

/** Takes docs/errors.md apart; fails where it and the server's table do not name the same codes. */
export function explanationsOf(sections: readonly Section[]): Explanation[] {
  const documented = sections.filter(({ level }) => level === 2).map(({ title }) => title);
  const unknown = documented.filter((title) => !errcodes.some(({ errcode }) => String(errcode) === title));
  if (unknown.length > 0)
    throw new Error(`docs/errors explains ${unknown.join(", ")}, which the server does not answer`);
  return errcodes.map((errcode) => {
    const at = sections.findIndex(({ level, title }) => level === 2 && title === String(errcode.errcode));
    const introduction = sections[at];
    if (introduction === undefined) throw new Error(`docs/errors does not explain ${errcode.errcode}`);
    const next = sections.findIndex(({ level }, index) => index > at && level < 3);
    return { errcode, introduction, hints: sections.slice(at + 1, next === -1 ? undefined : next) };
  });
}

/** Addresses of the explanations, by errcode and by hint. */
export function refusalPlaces(explanations: readonly Explanation[]): Map<string, string> {
  const places = new Map<string, string>();
  for (const { errcode, hints } of explanations) {
    const path = `/docs/errors/${errcode.errcode}`;
    places.set(String(errcode.errcode), path);
    for (const { title } of hints) {
      if (places.has(title)) throw new Error(`docs/errors explains ${title} twice`);
      places.set(title, `${path}#${title}`);
    }
  }
  return places;
}

function errcodeTitle({ errcode, text }: Errcode, language: Language): string {
  return `${errcode} ${text[language].replace(/[，,;；].*$/, "")}`;
}

export function errorPages(language: Language, sections: readonly Section[]): BuiltPage[] {
  const explanations = explanationsOf(sections);
  return [tablePage(language, sections[0], explanations), ...explanations.map((each) => errcodePage(language, each))];
}

function tablePage(
  language: Language,
  introduction: Section | undefined,
  explanations: readonly Explanation[],
): BuiltPage {
  if (introduction?.level !== 1) throw new Error("docs/errors does not begin with a title");
  const { title } = introduction;
  const head = language === "zh" ? ["errcode", "HTTP", "含义", "hint"] : ["errcode", "HTTP", "meaning", "hint"];
  const rows = explanations.map(({ errcode, hints }) => {
    const path = `/docs/errors/${errcode.errcode}`;
    const links = hints.map(({ title }) => `<a href="${path}#${title}"><code>${title}</code></a>`).join(" ");
    return (
      `<tr id="${errcode.errcode}"><td><a href="${path}">${errcode.errcode}</a></td><td>${errcode.statuses.join(" / ")}</td>` +
      `<td>${escapeHtml(errcode.text[language])}</td><td class="hints">${links}</td></tr>`
    );
  });
  return {
    path: "/errors",
    title,
    description: descriptionOf(introduction.html),
    headings: [],
    blocks: [
      {
        html:
          `<h1>${escapeHtml(title)}</h1>${introduction.html}<div class="table" tabindex="0"><table class="errcodes"><thead><tr>` +
          `${head.map((cell) => `<th>${cell}</th>`).join("")}</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
      },
    ],
    search: [{ url: "/errors", page: title, heading: "", text: textOf(introduction.html) }],
  };
}

function errcodePage(language: Language, { errcode, introduction, hints }: Explanation): BuiltPage {
  const path = `/errors/${errcode.errcode}`;
  const title = errcodeTitle(errcode, language);
  const advice = repeatable.has(errcode.errcode)
    ? { class: "accent", zh: "可以重试", en: "may be repeated" }
    : { class: "warn", zh: "改正后再调用", en: "correct it, then call again" };
  const search: SearchEntry[] = [
    { url: path, page: title, heading: "", text: `${errcode.text[language]}\n${textOf(introduction.html)}` },
    ...hints.map((hint) => ({
      url: `${path}#${hint.title}`,
      page: title,
      heading: hint.title,
      text: textOf(hint.html),
    })),
  ];
  return {
    path,
    title,
    description: descriptionOf(introduction.html) || title,
    headings: hints.map((hint) => ({ id: hint.title, title: hint.title, level: 2 })),
    blocks: [
      {
        html:
          `<p class="crumb"><a href="/docs/errors">${language === "zh" ? "错误编码" : "Error codes"}</a></p>` +
          `<h1>${escapeHtml(title)}</h1><p class="facts">` +
          errcode.statuses.map((status) => `<span class="badge">HTTP ${status}</span>`).join("") +
          `<span class="badge ${advice.class}">${advice[language]}</span></p>${introduction.html}` +
          hints.map(hintHtml).join(""),
      },
    ],
    search,
  };
}

function hintHtml({ title, html }: Section): string {
  return `<section class="hint" id="${title}"><h2>${anchorLink(title)}<code>${title}</code></h2>${html}</section>`;
}
