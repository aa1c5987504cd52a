import { Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { outcomeName } from "../sources/words.ts";
import { type Status, statusColors } from "./words.ts";

/** Why a record is not taken in, in a word. */
export function StatusTag({ status }: { readonly status: Status }) {
  const { t } = useLanguage();
  return <Tag color={statusColors[status]}>{outcomeName(status, t)}</Tag>;
}
