import { Tag } from "antd";
import { type Translate, useLanguage } from "../../shared/language.tsx";

export const simStatuses = [1, 0, 2, 3, 4] as const;
export const gprsStatuses = [1, 0, 3, 4] as const;

/** Whether the carrier serves a SIM at all. */
export function simStatusName(status: number, t: Translate): string {
  const names: Readonly<Record<number, string>> = {
    0: t("停机", "Stopped"),
    1: t("正常", "Running"),
    2: t("待激活", "Awaiting activation"),
    3: t("停机中", "Being stopped"),
    4: t("开机中", "Being started"),
  };
  return names[status] ?? String(status);
}

/** Whether it may use data. */
export function gprsStatusName(status: number, t: Translate): string {
  const names: Readonly<Record<number, string>> = {
    0: t("已关闭", "Off"),
    1: t("已开启", "On"),
    3: t("关闭中", "Being switched off"),
    4: t("开启中", "Being switched on"),
  };
  return names[status] ?? String(status);
}

const simColors: Readonly<Record<number, string>> = { 0: "error", 1: "success", 3: "warning", 4: "processing" };
const gprsColors: Readonly<Record<number, string>> = { 0: "error", 1: "success", 3: "warning", 4: "processing" };

export function SimStatus({ status }: { readonly status: number }) {
  const { t } = useLanguage();
  return <Tag color={simColors[status] ?? "default"}>{simStatusName(status, t)}</Tag>;
}

export function GprsStatus({ status }: { readonly status: number }) {
  const { t } = useLanguage();
  return <Tag color={gprsColors[status] ?? "default"}>{gprsStatusName(status, t)}</Tag>;
}
