import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { type Language, useLanguage } from "../../shared/language.tsx";
import { useAddressOf } from "../shell/address.tsx";
import { Icon } from "../shell/icon.tsx";
import { type Piece, excerpt, mark } from "./excerpt.ts";
import type { Found, FoundPage, SearchIndex } from "./search-index.ts";

/** Loaded when a search is opened for the first time. */
async function loadSearch(language: Language): Promise<SearchIndex> {
  const [{ loadIndex }, { default: json }] = await Promise.all([
    import("./search-index.ts"),
    language === "zh" ? import("virtual:portal/search/zh") : import("virtual:portal/search/en"),
  ]);
  return loadIndex(json);
}

interface Props {
  readonly open: boolean;
  readonly onClose: () => void;
}

export function SearchDialog({ open, onClose }: Props) {
  const { t } = useLanguage();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className="search"
      aria-label={t("搜索文档", "Search the documentation")}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {open && <Search onClose={onClose} />}
    </dialog>
  );
}

/** The loaded search of the shown language; undefined while it loads, `failed` if it cannot be. */
function useSearch(): SearchIndex | "failed" | undefined {
  const { language } = useLanguage();
  const [search, setSearch] = useState<{ of: Language; index: SearchIndex | "failed" }>();
  useEffect(() => {
    let isWanted = true;
    loadSearch(language).then(
      (index) => isWanted && setSearch({ of: language, index }),
      () => isWanted && setSearch({ of: language, index: "failed" }),
    );
    return () => {
      isWanted = false;
    };
  }, [language]);
  return search?.of === language ? search.index : undefined;
}

function Search({ onClose }: { readonly onClose: () => void }) {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const addressOf = useAddressOf();
  const id = useId();
  const search = useSearch();
  const [query, setQuery] = useState("");
  const [selected, setSelected] = useState(0);
  const asked = useDeferredValue(query.trim());
  const pages = typeof search === "function" && asked !== "" ? search(asked) : [];
  const flat = pages.flatMap(({ results }) => results);
  const current = Math.min(selected, flat.length - 1);

  useEffect(() => {
    document.getElementById(`${id}-${current}`)?.scrollIntoView({ block: "nearest" });
  }, [id, current, asked]);

  function go(found: Found): void {
    onClose();
    void navigate(addressOf(found.url));
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Enter also ends the composition of Chinese characters.
    if (event.nativeEvent.isComposing || flat.length === 0) return;
    const found = flat[current];
    if (event.key === "ArrowDown") setSelected((current + 1) % flat.length);
    else if (event.key === "ArrowUp") setSelected((current + flat.length - 1) % flat.length);
    else if (event.key === "Enter" && found !== undefined) go(found);
    else return;
    event.preventDefault();
  }

  return (
    <>
      <div className="search-field">
        <Icon name="search" />
        <input
          role="combobox"
          aria-expanded={flat.length > 0}
          aria-controls={`${id}-results`}
          aria-activedescendant={flat.length > 0 ? `${id}-${current}` : undefined}
          aria-autocomplete="list"
          aria-label={t("搜索文档", "Search the documentation")}
          placeholder={t("接口、参数、错误编码、hint……", "Operations, parameters, error codes, hints…")}
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          // The dialog was opened to type into this.
          autoFocus
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setSelected(0);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="button" className="icon-button" aria-label={t("关闭", "Close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="search-results" role="listbox" id={`${id}-results`} aria-label={t("搜索结果", "Results")}>
        {pages.map((page) => (
          <ResultGroup
            key={page.page}
            page={page}
            id={id}
            selected={flat[current]}
            flat={flat}
            onGo={go}
            onSelect={setSelected}
          />
        ))}
      </div>
      <Note isLoading={search === undefined} hasFailed={search === "failed"} asked={asked} count={flat.length} />
      <div className="search-keys" aria-hidden="true">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> {t("选择", "select")}
        </span>
        <span>
          <kbd>↵</kbd> {t("打开", "open")}
        </span>
        <span>
          <kbd>Esc</kbd> {t("关闭", "close")}
        </span>
      </div>
    </>
  );
}

interface ResultGroupProps {
  readonly page: FoundPage;
  readonly id: string;
  readonly selected: Found | undefined;
  readonly flat: readonly Found[];
  readonly onGo: (found: Found) => void;
  readonly onSelect: (at: number) => void;
}

function ResultGroup({ page, id, selected, flat, onGo, onSelect }: ResultGroupProps) {
  return (
    <div role="group" aria-labelledby={`${id}-page-${page.page}`}>
      <h3 id={`${id}-page-${page.page}`} role="presentation">
        {page.page}
      </h3>
      {page.results.map((found) => {
        const at = flat.indexOf(found);
        return (
          // Chosen by the keyboard through the field, which keeps the focus.
          <div
            key={found.url}
            role="option"
            id={`${id}-${at}`}
            aria-selected={found === selected}
            onClick={() => onGo(found)}
            onMouseMove={() => onSelect(at)}
          >
            {found.heading !== "" && (
              <strong>
                <Marked pieces={mark(found.heading, found.terms)} />
              </strong>
            )}
            <span>
              <Marked pieces={excerpt(found.text, found.terms)} />
            </span>
          </div>
        );
      })}
    </div>
  );
}

function Marked({ pieces }: { readonly pieces: readonly Piece[] }) {
  // Pieces of one text have nothing but their place to tell them apart.
  return pieces.map((piece, index) => (piece.marked ? <mark key={index}>{piece.text}</mark> : piece.text));
}

interface NoteProps {
  readonly isLoading: boolean;
  readonly hasFailed: boolean;
  readonly asked: string;
  readonly count: number;
}

function Note({ isLoading, hasFailed, asked, count }: NoteProps) {
  const { t } = useLanguage();
  const text = hasFailed
    ? t("搜索没有加载成功，请重新加载页面。", "The search could not be loaded. Load the page again.")
    : asked === ""
      ? t(
          "例如：白名单、55004、sign_lower_case、data_as_of",
          "For example: allow-list, 55004, sign_lower_case, data_as_of",
        )
      : isLoading
        ? t("正在加载……", "Loading…")
        : count === 0
          ? t(`没有找到“${asked}”`, `Nothing found for “${asked}”`)
          : "";
  return (
    <p className={text === "" ? "visually-hidden" : "search-note"} role="status">
      {text === "" ? t(`${count} 条结果`, `${count} results`) : text}
    </p>
  );
}
