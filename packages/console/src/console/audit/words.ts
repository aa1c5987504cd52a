import type { Translate } from "../../shared/language.tsx";

/** What each action of the audit log is called. One that is not here is shown as it is recorded. */
const actions: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  "account.create": ["创建账户", "Account created"],
};

export function actionName(action: string, t: Translate): string {
  const words = actions[action];
  return words === undefined ? action : t(...words);
}

export function actorKindName(kind: "staff" | "cli" | "system", t: Translate): string {
  return kind === "staff" ? t("员工", "staff") : kind === "cli" ? t("命令行", "command line") : t("系统", "system");
}
