import { useLayoutEffect } from "react";
import { useLocation, useNavigationType } from "react-router";

/** Where each entry of the browser's history was left, so that "back" leads to where one has been reading. */
const positions = new Map<string, number>(readPositions());
const storageKey = "dks-portal-positions";
let arrivedAt: string | undefined;

function readPositions(): [string, number][] {
  try {
    return JSON.parse(sessionStorage.getItem("dks-portal-positions") ?? "[]") as [string, number][];
  } catch {
    return [];
  }
}

history.scrollRestoration = "manual";
addEventListener("scroll", () => arrivedAt !== undefined && positions.set(arrivedAt, scrollY), { passive: true });
addEventListener("pagehide", () => sessionStorage.setItem(storageKey, JSON.stringify([...positions])));

/**
 * What a browser does when it loads a page, done when the router shows one: scroll to what the address names, or to the
 * top, and move the focus there, so that those who listen hear that they are somewhere else. `title` tells when another
 * page, or the same in the other language, is there.
 */
export function useArrival(title: string): void {
  const { key, hash, pathname } = useLocation();
  const navigationType = useNavigationType();
  useLayoutEffect(() => {
    document.title = `${title} · 大卡师开放平台`;
    const isFirst = arrivedAt === undefined;
    const isSameEntry = arrivedAt === key;
    arrivedAt = key;
    // Another language of the same page: the reader stays where they are, unless the address says where that is.
    if (isSameEntry) {
      if (hash !== "") reveal(hash);
      return;
    }
    const left = navigationType === "POP" ? positions.get(key) : undefined;
    if (left !== undefined) return scrollTo(0, left);
    if (hash !== "" && reveal(hash)) return;
    scrollTo(0, 0);
    if (!isFirst) focus(document.querySelector("main h1"));
  }, [key, hash, pathname, navigationType, title]);
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
