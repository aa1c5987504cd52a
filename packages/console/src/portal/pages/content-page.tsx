import { type MouseEvent, lazy, use, useMemo } from "react";
import { useNavigate } from "react-router";
import pages from "virtual:portal/pages";
import samples from "virtual:portal/samples";
import vectorsUrl from "../../../../../docs/signature-vectors.json?url";
import { useLanguage } from "../../shared/language.tsx";
import { type Block, type Page, originPlaceholder } from "../content/page.ts";
import type { Sample } from "../content/samples.ts";
import { useAddressOf, usePath } from "../shell/address.tsx";
import { useArrival } from "../shell/arrival.ts";
import { Neighbours } from "../shell/navigation.tsx";
import { OnThisPage } from "../shell/on-this-page.tsx";
import { copyText } from "../../shared/copy-text.ts";
import { loader } from "./loader.ts";
import { NotFoundPage } from "./not-found-page.tsx";

const Samples = lazy(() => import("./samples.tsx"));
const SignatureExample = lazy(() => import("./signature-example.tsx"));

const loadPage = loader<Page>();
const loadSamples = loader<readonly Sample[]>();

/** A page of the repository's documents. */
export function ContentPage() {
  const { language } = useLanguage();
  const path = usePath();
  const importPage = pages[language][path];
  if (importPage === undefined) return <NotFoundPage />;
  return <Content page={use(loadPage(`${language} ${path}`, importPage))} />;
}

function Content({ page }: { readonly page: Page }) {
  const followLink = useContentClicks();
  useArrival(page);
  return (
    <div className="columns">
      <div>
        <article className="content" onClick={followLink}>
          {page.blocks.map((block, index) => (
            // A page's blocks neither move nor change.
            <BlockView key={`${page.path}${index}`} block={block} />
          ))}
        </article>
        <Neighbours />
      </div>
      <OnThisPage headings={page.headings} />
    </div>
  );
}

function BlockView({ block }: { readonly block: Block }) {
  const addressOf = useAddressOf();
  const html = useMemo(
    () => ("html" in block ? here(block.html).replaceAll('href="/docs', `href="/docs${addressOf("")}`) : ""),
    [block, addressOf],
  );
  if ("html" in block) return <div className="block" dangerouslySetInnerHTML={{ __html: html }} />;
  if (block.island === "signature-example") return <SignatureExample />;
  return <SamplesOf operation={block.of ?? ""} />;
}

function SamplesOf({ operation }: { readonly operation: string }) {
  const importSamples = samples[operation];
  if (importSamples === undefined) throw new Error(`there are no samples of ${operation}`);
  return <Samples samples={use(loadSamples(operation, importSamples))} />;
}

/** Puts in what is known only here: the address of this platform, and of a file beside the pages. */
export function here(html: string): string {
  return html
    .replaceAll(originPlaceholder, location.origin)
    .replaceAll('href="/docs/signature-vectors.json"', `href="${vectorsUrl}"`);
}

/** Follows links within the portal without loading anew, and copies code. */
function useContentClicks() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  return (event: MouseEvent<HTMLElement>): void => {
    if (!(event.target instanceof Element)) return;
    const button = event.target.closest("button.copy");
    if (button instanceof HTMLElement) void copyCode(button, t("已复制", "Copied"));
    const link = event.target.closest("a[href]");
    const href = link?.getAttribute("href");
    if (href === null || href === undefined || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
      return;
    if (!href.startsWith("#") && !/^\/docs(\/|$)/.test(href)) return;
    event.preventDefault();
    void navigate(href.startsWith("#") ? { hash: href, search: location.search } : href.replace(/^\/docs\/?/, "/"));
  };
}

/** How long a button says that it has copied. */
const copiedMs = 2_000;

async function copyCode(button: HTMLElement, copied: string): Promise<void> {
  const label = button.textContent;
  if (button.dataset["copied"] !== undefined) return;
  await copyText(button.parentElement?.querySelector("pre")?.textContent ?? "");
  button.dataset["copied"] = "";
  button.textContent = copied;
  setTimeout(() => {
    delete button.dataset["copied"];
    button.textContent = label;
  }, copiedMs);
}
