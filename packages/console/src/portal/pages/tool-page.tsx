import type { ComponentType } from "react";
import navigation from "virtual:portal/navigation";
import { useLanguage } from "../../shared/language.tsx";
import { useArrival } from "../shell/arrival.ts";

interface Props {
  readonly page: ComponentType;
  readonly path: string;
}

/** The room for a page that is an application of its own. */
export function ToolPage({ page: Page, path }: Props) {
  const { language } = useLanguage();
  const items = navigation[language].flatMap((group) => group.items);
  useArrival(items.find((item) => item.path === path)?.title ?? "");
  return (
    <div className="columns wide">
      <Page />
    </div>
  );
}
