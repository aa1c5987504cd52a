import { Select } from "antd";
import { useEffect, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { inStock } from "./listing.ts";

/** As many as are offered at once: whoever has more accounts types a part of the name. */
const offeredMax = 20;

/** How long after the last key is asked: whoever types fast asks once. */
const typingMs = 250;

/** Narrows to one account's cards, or to those that nobody has yet. */
export function AccountSelect(props: {
  /** An account's number, or {@link inStock}. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const { t } = useLanguage();
  const { value } = props;
  const [typed, setTyped] = useState("");
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), typingMs);
    return () => clearTimeout(timer);
  }, [typed]);
  const offered = useAnswer("GET /accounts", {
    query: { limit: offeredMax, ...(asked === "" ? {} : { search: asked.slice(0, 100) }) },
  });
  const isAccount = value !== undefined && value !== inStock;
  const chosen = useAnswer(
    "GET /accounts",
    { query: { search: value ?? "", limit: offeredMax } },
    { enabled: isAccount },
  );
  const stock = { value: inStock, label: t("在库（未分配账户）", "In stock (no account)") };
  const all = [...(offered.data?.list ?? []), ...(isAccount ? (chosen.data?.list ?? []) : [])];
  const own = all.find(({ account_no }) => String(account_no) === value);
  const accounts = (offered.data?.list ?? []).map(optionOf);
  const isOffered = accounts.some((option) => option.value === value);
  return (
    <Select
      aria-label={t("账户", "Account")}
      placeholder={t("账户", "Account")}
      allowClear
      showSearch={{ filterOption: false, onSearch: setTyped }}
      style={{ width: 200 }}
      loading={offered.isFetching}
      value={value ?? null}
      options={[
        ...(typed === "" ? [stock] : []),
        ...accounts,
        // So that what is chosen has its name although it is not among those offered.
        ...(isAccount && !isOffered ? [own === undefined ? { value, label: value } : optionOf(own)] : []),
      ]}
      onChange={(account: string | null) => {
        setTyped("");
        props.onChange(account ?? undefined);
      }}
    />
  );
}

function optionOf({ account_no, name }: { readonly account_no: number; readonly name: string }) {
  return { value: String(account_no), label: `${name} (${account_no})` };
}
