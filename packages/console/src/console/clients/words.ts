import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type Client = CallAnswer<"GET /clients/:client_id">;
export type Secret = Client["secrets"][number];
export type ListedClient = CallAnswer<"GET /accounts/:account_no/clients">["list"][number];
export type FoundClient = CallAnswer<"GET /clients">["list"][number];
export type Issued = CallAnswer<"POST /accounts/:account_no/clients">;

/** An allow-list in a word or two. */
export function allowListSummary(allowIps: readonly string[], t: Translate): string {
  const [first] = allowIps;
  if (first === undefined) return t("任意地址", "Any address");
  if (allowIps.length === 1) return first;
  return t(`${first} 等 ${allowIps.length} 条`, `${first} and ${allowIps.length - 1} more`);
}

export function rateName(rate: number | null, byDefault: number | undefined, t: Translate): string {
  if (rate !== null) return t(`${rate} 次/秒`, `${rate} a second`);
  if (byDefault === undefined) return t("默认", "Default");
  return t(`${byDefault} 次/秒（平台默认）`, `${byDefault} a second (the platform's default)`);
}
