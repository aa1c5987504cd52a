import type { Translate } from "../../shared/language.tsx";
import type { Role } from "../session.tsx";

export const roles: readonly Role[] = ["admin", "operator", "viewer"];

export function roleName(role: Role, t: Translate): string {
  return { admin: t("管理员", "Admin"), operator: t("操作员", "Operator"), viewer: t("只读", "Viewer") }[role];
}

/** What a role may do, in a sentence. */
export function roleMeaning(role: Role, t: Translate): string {
  return {
    admin: t(
      "可做一切，包括变动余额、发放密钥、管理员工",
      "May do everything: move money, give out secrets, manage staff",
    ),
    operator: t(
      "可导入和修改业务数据，不能动余额、密钥和员工",
      "May import and change things, but not money, secrets or staff",
    ),
    viewer: t("只能查看，不能修改", "May look, and change nothing"),
  }[role];
}
