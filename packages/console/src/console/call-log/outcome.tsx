import { Badge } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { ListedCall } from "./words.ts";

/** How a call ended: with success, refused, or without an answer. */
export function Outcome({ call }: { readonly call: Pick<ListedCall, "errcode" | "hint" | "http_status"> }) {
  const { t } = useLanguage();
  if (call.errcode === 0)
    return call.http_status === null ? (
      <Badge status="warning" text={t("应答未送达", "Answer not delivered")} />
    ) : (
      <Badge status="success" text={t("成功", "Success")} />
    );
  return (
    <Badge
      status="error"
      text={
        <span className="mono">
          {call.errcode} {call.hint !== null && <small>{call.hint}</small>}
        </span>
      }
    />
  );
}
