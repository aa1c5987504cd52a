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
  const { language, t } = useLanguage();
  const items = navigation[language].flatMap((group) => group.items);
  const title = items.find((item) => item.path === path)?.title ?? "";
  useArrival({ path, title, description: t(`${title}：大卡师开放平台`, `${title}: Dakashi Open Platform`) });
  return (
    <div className="columns wide">
      <Page />
    </div>
  );
}
