import { type ReactNode } from "react";
import { useDocumentTitle } from "./document-title.ts";

/** A page's title, also the browser's, and what can be done on the whole page. */
export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  useDocumentTitle(title);
  return (
    <div className="page-head">
      <h1>{title}</h1>
      <span className="grow" />
      {children}
    </div>
  );
}
