import { canonicalString, signParameters, SignatureInputError } from "@dakashi/sdk/signature";
import { useId, useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { debuggerDraft } from "../debugger/draft.ts";
import { useAddressOf } from "../shell/address.tsx";
import { Icon } from "../shell/icon.tsx";

interface Pair {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

const exampleSecret = "9f2c4e8a1b7d3f60";
const example: readonly Pair[] = [
  { key: 0, name: "client_id", value: "iot3355e802d44ay95yeev2" },
  { key: 1, name: "serial_no", value: "87000001" },
  { key: 2, name: "timestamp", value: "1487560009" },
];

/** The worked example of the page, to be edited; computed in the browser by the SDK's own function. */
export default function SignatureExample() {
  const { t } = useLanguage();
  const id = useId();
  const addressOf = useAddressOf();
  const [pairs, setPairs] = useState(example);
  const [secret, setSecret] = useState(exampleSecret);
  const signed = useSigned(pairs, secret);

  function change(key: number, changed: Partial<Pair>): void {
    setPairs(pairs.map((pair) => (pair.key === key ? { ...pair, ...changed } : pair)));
  }

  function reset(): void {
    setPairs(example);
    setSecret(exampleSecret);
  }

  return (
    <section className="signature-example" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`}>{t("改一改，看看签名怎样变", "Change it, and see what becomes of the signature")}</h3>
      <p>
        {t(
          "全部在本页计算，不会发送到任何地方。请用示例密钥，不要填写正式的密钥。",
          "All of it is computed in this page and sent nowhere. Keep to the example's secret: a real one does not belong here.",
        )}
      </p>
      <div className="pairs">
        {pairs.map(({ key, name, value }) => (
          <PairFields
            key={key}
            name={name}
            value={value}
            onChange={(changed) => change(key, changed)}
            onRemove={() => setPairs(pairs.filter((pair) => pair.key !== key))}
          />
        ))}
      </div>
      <div className="actions">
        <button
          type="button"
          className="button"
          onClick={() =>
            setPairs([...pairs, { key: Math.max(0, ...pairs.map(({ key }) => key)) + 1, name: "", value: "" }])
          }
        >
          {t("添加参数", "Add a parameter")}
        </button>
        <button type="button" className="button" onClick={reset}>
          {t("恢复示例", "Reset")}
        </button>
      </div>
      <label htmlFor={`${id}-secret`}>client_secret</label>
      <input
        id={`${id}-secret`}
        className="input mono"
        value={secret}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setSecret(event.target.value)}
      />
      {"problem" in signed ? (
        <div className="callout danger" role="status">
          <p>{signed.problem}</p>
        </div>
      ) : (
        <dl>
          <dt>{t("排序、拼接，再接上密钥", "Sorted, joined, and the secret behind")}</dt>
          <dd>
            {signed.joined}
            <mark>{secret}</mark>
          </dd>
          <dt>{t("SHA-1，大写十六进制，即 sign", "SHA-1 in upper-case hex: the sign")}</dt>
          <dd className="short" data-sign>
            {signed.sign}
          </dd>
        </dl>
      )}
      <div className="actions">
        <Link
          className="button"
          to={addressOf("/debugger")}
          onClick={() => debuggerDraft.change({ form: "json", json: asJson(pairs), secret })}
        >
          {t("在签名调试器里打开", "Open in the signature debugger")}
        </Link>
      </div>
    </section>
  );
}

function asJson(pairs: readonly Pair[]): string {
  return JSON.stringify(Object.fromEntries(pairs.map(({ name, value }) => [name, value])), null, 2);
}

interface PairFieldsProps {
  readonly name: string;
  readonly value: string;
  readonly onChange: (changed: { name?: string; value?: string }) => void;
  readonly onRemove: () => void;
}

function PairFields({ name, value, onChange, onRemove }: PairFieldsProps) {
  const { t } = useLanguage();
  return (
    <>
      <input
        className="input mono"
        aria-label={t("参数名", "Name")}
        value={name}
        spellCheck={false}
        autoCapitalize="off"
        onChange={(event) => onChange({ name: event.target.value })}
      />
      <input
        className="input mono"
        aria-label={t(`${name || "参数"} 的值`, `Value of ${name || "the parameter"}`)}
        value={value}
        spellCheck={false}
        onChange={(event) => onChange({ value: event.target.value })}
      />
      <button
        type="button"
        className="icon-button"
        aria-label={t(`删除 ${name || "参数"}`, `Remove ${name || "the parameter"}`)}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </>
  );
}

type Signed = { readonly joined: string; readonly sign: string } | { readonly problem: string };

function useSigned(pairs: readonly Pair[], secret: string): Signed {
  const { t } = useLanguage();
  const names = pairs.map(({ name }) => name);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined)
    return { problem: t(`参数 ${repeated} 出现了不止一次。`, `The parameter ${repeated} is given more than once.`) };
  const parameters = Object.fromEntries(pairs.map(({ name, value }) => [name, value]));
  try {
    return { joined: canonicalString(parameters), sign: signParameters(parameters, secret) };
  } catch (error) {
    if (!(error instanceof SignatureInputError)) throw error;
    // Text inputs leave two ways to be wrong, beside half a character.
    return {
      problem: /^[a-z][a-z0-9_]*$/.test(error.parameter)
        ? t(`参数 ${error.parameter} 的值里不能有“&”或不完整的字符。`, error.message)
        : t(`参数名“${error.parameter}”不合法：应以小写字母开头，由小写字母、数字和 _ 组成。`, error.message),
    };
  }
}
