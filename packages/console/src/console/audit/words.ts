import type { Translate } from "../../shared/language.tsx";

/** What each action of the audit log is called. One that is not here is shown as it is recorded. */
const actions: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  "account.create": ["创建账户", "Account created"],
  "source.create": ["新建来源", "Source created"],
  "source.rotate": ["更换来源令牌", "Source's token rotated"],
  "source.change": ["修改来源", "Source changed"],
  "source.assign_cards": ["为卡指定来源", "Cards assigned to a source"],
  "card.assign_source": ["为一张卡指定来源", "Card assigned to a source"],
  "quarantine.release": ["重新处理隔离记录", "Quarantined records released"],
  "quarantine.discard": ["删除隔离记录", "Quarantined records discarded"],
};

export function actionName(action: string, t: Translate): string {
  const words = actions[action];
  return words === undefined ? action : t(...words);
}

export function actorKindName(kind: "staff" | "cli" | "system", t: Translate): string {
  return kind === "staff" ? t("员工", "staff") : kind === "cli" ? t("命令行", "command line") : t("系统", "system");
}
