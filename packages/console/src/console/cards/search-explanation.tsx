import { Alert, Button } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CardsAnswer } from "./listing.ts";
import styles from "./cards.module.css";

type Search = NonNullable<CardsAnswer["search"]>;
type Kind = Search["tried"][number];

/** What the searched text was taken for, and what it has found: who finds nothing should see why. */
export function SearchExplanation(props: {
  readonly search: Search;
  /** Cards that are listed because their number begins so. */
  readonly hasOthers: boolean;
  readonly isFirstPage: boolean;
  readonly onClearFilters: () => void;
}) {
  const { t, language } = useLanguage();
  const { search, hasOthers } = props;
  const { text, tried, found, hidden } = search;
  if (!props.isFirstPage) return null;
  const names: Readonly<Record<Kind, string>> = {
    serial_no: t("卡号", "card number"),
    custom_no: t("自定义编号", "custom number"),
    iccid: "ICCID",
    iccid_suffix: t("ICCID 后 10 位", "last ten digits of an ICCID"),
    msisdn: "MSISDN",
    imsi: "IMSI",
  };
  const list = new Intl.ListFormat(language === "zh" ? "zh-CN" : "en", { type: "disjunction" });
  const namesOf = (kinds: readonly Kind[]): string => list.format([...new Set(kinds)].map((kind) => names[kind]));
  if (tried.length === 0)
    return (
      <Alert
        className={styles["explanation"] ?? ""}
        type="warning"
        showIcon
        title={
          /^\d(\.\d+)?e\+?\d+$/i.test(text)
            ? t(
                `“${text}” 已被 Excel 改成科学计数法，末几位已经丢失，请从原始资料重新复制。`,
                `A spreadsheet has turned this number into “${text}”, and its last digits are gone: copy it again from where it came from.`,
              )
            : t(
                `“${text}” 不是卡的编号：卡号、ICCID 等只含数字和字母，最多 32 位。`,
                `“${text}” cannot be a card: card numbers, ICCIDs and the like are up to 32 digits and letters.`,
              )
        }
      />
    );
  const [first] = found;
  const sentence =
    first === undefined
      ? t(
          `没有${namesOf(tried)}是 “${text}” 的卡${hasOthers ? "，以下是卡号以此开头的卡。" : "，也没有卡号以此开头的卡。"}`,
          `No card has “${text}” as its ${namesOf(tried)}${hasOthers ? "; these have numbers that begin so." : ", and no card number begins so."}`,
        )
      : t(
          `按${namesOf(found.map(({ kind }) => kind))}找到 ${found.length} 张卡${hasOthers ? "，其后是卡号以此开头的卡。" : "。"}`,
          `${found.length === 1 ? "One card" : `${found.length} cards`} found by ${namesOf(found.map(({ kind }) => kind))}${hasOthers ? ", followed by those whose numbers begin so." : "."}`,
        );
  return (
    <p className={styles["explanation"]} role="status">
      {sentence}
      {hidden > 0 && (
        <>
          {" "}
          {t(
            `其中 ${hidden} 张不符合当前筛选，未显示。`,
            `${hidden} of them ${hidden === 1 ? "is" : "are"} left out by the filters.`,
          )}{" "}
          <Button size="small" onClick={props.onClearFilters}>
            {t("清除筛选", "Clear filters")}
          </Button>
        </>
      )}
    </p>
  );
}
