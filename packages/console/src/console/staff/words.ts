import type { Translate } from "../../shared/language.tsx";
import type { Role } from "../session.tsx";

export const roles: readonly Role[] = ["admin", "operator", "viewer"];

export function roleName(role: Role, t: Translate): string {
  return { admin: t("管理员", "Admin"), operator: t("操作员", "Operator"), viewer: t("只读", "Viewer") }[role];
}

/** What a role may do, in a sentence. */
export function roleMeaning(role: Role, t: Translate): string {
  return {
    admin: t("另可变动余额、发放密钥、管理员工", "Besides: moves money, gives out secrets, manages staff"),
    operator: t("可导入和修改业务数据", "May import and change things"),
    viewer: t("只能查看，不能修改", "May look, and change nothing"),
  }[role];
}
