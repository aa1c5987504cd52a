import type { Translate } from "../../shared/language.tsx";

/** As the server has them; it also refuses what is tried first by whoever guesses. */
const passwordLengthMin = 12;
export const passwordLengthMax = 128;

export interface PasswordRule {
  readonly text: string;
  readonly holds: boolean;
}

/** What a new password has to be, and whether the one typed so far is. */
export function passwordRules(
  password: string,
  { email, current }: { readonly email: string; readonly current: string },
  t: Translate,
): PasswordRule[] {
  const localPart = email.slice(0, email.indexOf("@")).toLowerCase();
  const rules = [
    {
      text: t(`至少 ${passwordLengthMin} 个字符`, `At least ${passwordLengthMin} characters`),
      holds: [...password].length >= passwordLengthMin,
    },
    {
      text: t("与当前密码不同", "Not the current password"),
      holds: password !== "" && password !== current,
    },
  ];
  // One or two letters are in many a good password.
  if (localPart.length < 3) return rules;
  return [
    ...rules,
    {
      text: t(`不含邮箱名“${localPart}”`, `Without "${localPart}", the name in your e-mail address`),
      holds: password !== "" && !password.toLowerCase().includes(localPart),
    },
  ];
}

/**
 * How hard a password is to guess, in three steps: by its length above all, and by how many different characters it has.
 * 0 for one that is too short.
 */
export function passwordStrength(password: string): 0 | 1 | 2 | 3 {
  const length = [...password].length;
  const different = new Set(password).size;
  if (length < passwordLengthMin) return 0;
  if (length >= 16 && different >= 10) return 3;
  return different >= 8 ? 2 : 1;
}
