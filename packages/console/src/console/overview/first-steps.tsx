import { CheckCircleFilled } from "@ant-design/icons";
import { Button } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useChartColors } from "../parts/chart-theme.ts";
import { Section } from "../parts/section.tsx";
import { useMayActAs } from "../session.tsx";
import type { SetUp } from "./words.ts";
import styles from "./overview.module.css";

/** What to do on a platform that has no cards yet, in the order in which one thing needs the other. */
export function FirstSteps({ setUp }: { readonly setUp: SetUp }) {
  const { t } = useLanguage();
  const mayChange = useMayActAs()("operator");
  const steps = [
    {
      key: "products",
      isDone: setUp.products,
      title: t("导入套餐产品", "Import products"),
      text: t("套餐的流量、时长与价格", "What packages there are: their size, length and price"),
      to: "/jobs/import",
      act: t("导入", "Import"),
    },
    {
      key: "accounts",
      isDone: setUp.accounts,
      title: t("创建账户", "Create an account"),
      text: t("您的客户，卡归其名下", "Your customer, to whom cards belong"),
      to: "/accounts",
      act: t("去创建", "Create"),
    },
    {
      key: "cards",
      isDone: false,
      title: t("导入卡与订购的套餐", "Import cards and their packages"),
      text: t("CSV 文件，先试运行、看结果，再写入", "CSV files, tried out before anything is written"),
      to: "/jobs/import",
      act: t("导入", "Import"),
    },
    {
      key: "clients",
      isDone: setUp.clients,
      title: t("为账户创建客户端", "Create a client for the account"),
      text: t("客户调用接口所用的 client_id 与密钥", "The client_id and secret that your customer signs calls with"),
      to: "/clients",
      act: t("去创建", "Create"),
    },
    {
      key: "sources",
      isDone: setUp.sources,
      title: t("创建用量来源", "Create a usage source"),
      text: t("运营商的用量数据从这里入库", "Through which the carrier's usage records come in"),
      to: "/sources",
      act: t("去创建", "Create"),
    },
  ];
  return (
    <Section title={t("从这里开始", "Where to begin")}>
      <ol className={styles["steps"]}>
        {steps.map(({ key, isDone, title, text, to, act }, index) => (
          <li key={key} className={styles["step"]}>
            <StepMark number={index + 1} isDone={isDone} />
            <div>
              <strong>{title}</strong>
              {isDone && <span className="visually-hidden">{t("（已完成）", " (done)")}</span>}
              <p>{text}</p>
            </div>
            {!isDone && mayChange && (
              <Link to={to}>
                <Button>{act}</Button>
              </Link>
            )}
          </li>
        ))}
      </ol>
    </Section>
  );
}

function StepMark({ number, isDone }: { readonly number: number; readonly isDone: boolean }) {
  const { good } = useChartColors();
  return isDone ? (
    <CheckCircleFilled style={{ fontSize: 20, color: good }} aria-hidden="true" />
  ) : (
    <span className={styles["faint"]} aria-hidden="true" style={{ textAlign: "center" }}>
      {number}
    </span>
  );
}
