import { CheckCircleOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import iconUrl from "../../shared/icon.svg";
import { useLanguage } from "../../shared/language.tsx";
import { useDocumentTitle } from "../parts/document-title.ts";
import { LanguageButton, SchemeButton } from "../parts/looks.tsx";
import styles from "./staff.module.css";

/** The frame of what is seen before the console is: whose platform it is, and a form. */
export function Welcome(props: {
  readonly title: string;
  readonly lead: string;
  readonly children: ReactNode;
  /** What else can be done here. */
  readonly foot?: ReactNode;
}) {
  const { t } = useLanguage();
  useDocumentTitle(props.title);
  return (
    <div className={styles["welcome"]}>
      <aside className={styles["brand"]}>
        <div className={styles["name"]}>
          <img src={iconUrl} alt="" width={36} height={36} />
          {t("大卡师开放平台", "Dakashi Open Platform")}
        </div>
        <div className={styles["claim"]}>
          <p>{t("每一张卡、每一兆流量，\n都清清楚楚。", "Every card and every megabyte, accounted for.")}</p>
          <ul>
            <li>
              <CheckCircleOutlined aria-hidden /> {t("卡与套餐，一处管理", "Cards and packages in one place")}
            </li>
            <li>
              <CheckCircleOutlined aria-hidden />{" "}
              {t("用量按记录可查，来源可追", "Usage down to each record and its source")}
            </li>
            <li>
              <CheckCircleOutlined aria-hidden />{" "}
              {t("每次调用、每次修改，都有据可查", "Every call and every change on record")}
            </li>
          </ul>
        </div>
      </aside>
      <div className={styles["entry"]}>
        <div className={styles["looks"]}>
          <SchemeButton />
          <LanguageButton />
        </div>
        <main className={styles["form"]}>
          <h1>{props.title}</h1>
          <p className={styles["lead"]}>{props.lead}</p>
          {props.children}
        </main>
        <footer className={styles["foot"]}>{props.foot}</footer>
      </div>
    </div>
  );
}
