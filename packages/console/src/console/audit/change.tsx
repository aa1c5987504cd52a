import { ArrowRightOutlined } from "@ant-design/icons";
import { useLanguage } from "../../shared/language.tsx";
import styles from "./audit.module.css";
import { valueName, valueText } from "./words.ts";

type Values = Readonly<Record<string, unknown>> | null;

/** What a change has changed, value by value: what was, and what it has become. */
export function Change({ before, after }: { readonly before: Values; readonly after: Values }) {
  const { t } = useLanguage();
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return (
    <dl className={styles["change"]}>
      {names.map((name) => {
        const was = valueText(name, before?.[name], t);
        const is = valueText(name, after?.[name], t);
        const isReplaced = before !== null && after !== null && was !== is;
        return (
          <div key={name}>
            <dt title={name}>{valueName(name, t)}</dt>
            <dd>
              {isReplaced ? (
                <>
                  <del aria-label={t(`之前：${was}`, `before: ${was}`)}>{was}</del> <ArrowRightOutlined aria-hidden />{" "}
                  <ins aria-label={t(`之后：${is}`, `after: ${is}`)}>{is}</ins>
                </>
              ) : after === null ? (
                was
              ) : (
                is
              )}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
