import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAddressOf, usePath } from "../shell/address.tsx";
import { useArrival } from "../shell/arrival.ts";

export function NotFoundPage() {
  const { t } = useLanguage();
  const title = t("没有这个页面", "There is no such page");
  const addressOf = useAddressOf();
  useArrival({ path: usePath(), title, description: title });
  return (
    <div className="columns">
      <article className="content">
        <h1>{title}</h1>
        <p>
          {t(
            "地址可能写错了，或者对应的内容已经改名。可以用上方的搜索，或者从这里看起：",
            "The address may be mistyped, or what it named has another name now. Try the search above, or start here:",
          )}
        </p>
        <ul>
          <li>
            <Link to={addressOf("/")}>{t("快速开始", "Quick start")}</Link>
          </li>
          <li>
            <Link to={addressOf("/errors")}>{t("错误编码", "Error codes")}</Link>
          </li>
        </ul>
      </article>
    </div>
  );
}
