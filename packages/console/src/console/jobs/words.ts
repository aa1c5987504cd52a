import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type Job = CallAnswer<"GET /jobs/:job_no">;
export type JobKind = Job["kind"];
export type JobState = Job["state"];
export type ImportKind = Exclude<JobKind, "card_export">;
export type Figures = NonNullable<Job["check"]>;

export const importKinds: readonly ImportKind[] = ["card_import", "product_import", "package_import"];
export const jobKinds: readonly JobKind[] = [...importKinds, "card_export"];
export const jobStates: readonly JobState[] = [
  "uploading",
  "waiting",
  "running",
  "checked",
  "succeeded",
  "failed",
  "cancelled",
];

export function isImportKind(kind: string | undefined): kind is ImportKind {
  return importKinds.some((one) => one === kind);
}

/** Whether a job still changes by itself. */
export function isMoving({ state }: Job): boolean {
  return state === "uploading" || state === "waiting" || state === "running";
}

export function hasEnded({ state }: Job): boolean {
  return state === "succeeded" || state === "failed" || state === "cancelled";
}

export function kindName(kind: JobKind, t: Translate): string {
  if (kind === "card_import") return t("导入卡", "Import of cards");
  if (kind === "product_import") return t("导入套餐产品", "Import of products");
  if (kind === "package_import") return t("导入卡的套餐", "Import of cards' packages");
  return t("导出卡", "Export of cards");
}

export function stateName(state: JobState, t: Translate): string {
  const names: Readonly<Record<JobState, string>> = {
    uploading: t("上传中", "Uploading"),
    waiting: t("排队中", "Queued"),
    running: t("进行中", "Running"),
    checked: t("待确认", "To be confirmed"),
    succeeded: t("已完成", "Done"),
    failed: t("失败", "Failed"),
    cancelled: t("已取消", "Cancelled"),
  };
  return names[state];
}

export function phaseName(phase: NonNullable<Job["progress"]>["phase"], t: Translate): string {
  const names: Readonly<Record<typeof phase, string>> = {
    uploading: t("正在上传文件", "Uploading the file"),
    waiting: t("等待另一个导入结束", "Waiting for another import to end"),
    reading: t("正在读取文件", "Reading the file"),
    checking: t("正在核对每一行", "Checking every line"),
    writing: t("正在写入", "Writing"),
    exporting: t("正在写出", "Writing the file"),
  };
  return names[phase];
}
