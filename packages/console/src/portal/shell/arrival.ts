import { useLayoutEffect } from "react";
import { useLocation, useNavigationType } from "react-router";
import { type PageHead, writeHead } from "./head.ts";

/** Where each entry of the browser's history was left, so that "back" leads to where one has been reading. */
const positions = new Map<string, number>(readPositions());
const storageKey = "dks-portal-positions";
let arrivedAt: string | undefined;

/** None for a page that is opened anew: the browser calls the first entry of all of them by the same name. */
function readPositions(): [string, number][] {
  const [loading] = performance.getEntriesByType("navigation");
  if (loading instanceof PerformanceNavigationTiming && loading.type === "navigate") return [];
  try {
    return JSON.parse(sessionStorage.getItem("dks-portal-positions") ?? "[]") as [string, number][];
  } catch {
    return [];
  }
}

history.scrollRestoration = "manual";
addEventListener("scroll", () => arrivedAt !== undefined && positions.set(arrivedAt, scrollY), { passive: true });
addEventListener("pagehide", () => sessionStorage.setItem(storageKey, JSON.stringify([...positions])));

/** The page that was arrived at last. */
let arrivedPath: string | undefined;

/**
 * What a browser does when it loads a page, done when the router shows one: scroll to what the address names, or to the
 * top, and move the focus there, so that those who listen hear that they are somewhere else.
 */
export function useArrival({ path, title, description }: PageHead): void {
  const { key, hash } = useLocation();
  const navigationType = useNavigationType();
  useLayoutEffect(() => {
    writeHead({ path, title, description });
    const isFirst = arrivedAt === undefined;
    // The same page in the other language, or with another choice in its address: the reader stays where they are.
    const isSamePage = arrivedAt === key || (navigationType === "REPLACE" && arrivedPath === path);
    arrivedAt = key;
    arrivedPath = path;
    if (isSamePage) return;
    const left = navigationType === "POP" ? positions.get(key) : undefined;
    if (left !== undefined) return scrollTo(0, left);
    if (hash !== "" && reveal(hash)) return;
    scrollTo(0, 0);
    if (!isFirst) focus(document.querySelector("main h1"));
  }, [key, hash, path, navigationType, title, description]);
}

function focus(element: Element | null): void {
  if (!(element instanceof HTMLElement)) return;
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

const targetClass = "is-target";

/** Scrolls to what an address names and sets it off; false if there is no such thing on the page. */
function reveal(hash: string): boolean {
  for (const element of document.querySelectorAll(`.${targetClass}`)) element.classList.remove(targetClass);
  const named = document.getElementById(decodeURIComponent(hash.slice(1)));
  if (named === null) return false;
  // An empty element is the other language's name of the heading behind it.
  const target = named.textContent === "" ? (named.nextElementSibling ?? named) : named;
  target.scrollIntoView();
  target.classList.add(targetClass);
  focus(target);
  return true;
}
