import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type Account = CallAnswer<"GET /accounts/:account_no">;
export type ListedAccount = CallAnswer<"GET /accounts">["list"][number];
export type Movement = CallAnswer<"GET /accounts/:account_no/movements">["list"][number];

export const ranks = [1, 2, 3, 4, 5] as const;

export function rankName(rank: number, t: Translate): string {
  const names = [t("金牌", "Gold"), t("银牌", "Silver"), t("铜牌", "Bronze"), "VIP", t("钻石", "Diamond")];
  return names[rank - 1] ?? String(rank);
}

export const movementKinds = ["opening", "top_up", "correction"] as const;

export function movementKindName(kind: Movement["kind"], t: Translate): string {
  return { opening: t("期初", "Opening"), top_up: t("充值", "Top-up"), correction: t("调整", "Correction") }[kind];
}

export const statuses = ["normal", "suspended"] as const;

export function statusName(status: (typeof statuses)[number], t: Translate): string {
  return status === "normal" ? t("正常", "Normal") : t("已停用", "Suspended");
}
