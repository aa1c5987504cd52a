import { Spin } from "antd";
import { useLanguage } from "../../shared/language.tsx";

/** What stands where a whole page is still to come. */
export function Waiting() {
  const { t } = useLanguage();
  return (
    <div
      style={{ display: "grid", placeItems: "center", minHeight: "60vh" }}
      role="status"
      aria-label={t("加载中", "Loading")}
    >
      <Spin size="large" delay={200} />
    </div>
  );
}
