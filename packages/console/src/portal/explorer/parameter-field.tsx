import { useId } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { ruleBroken } from "./call.ts";
import type { OperationParameter } from "./operations.ts";

/** One parameter of the operation, with what is known of it. */
export function ParameterField({
  parameter,
  value,
  onChange,
}: {
  readonly parameter: OperationParameter;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { t, language } = useLanguage();
  const id = useId();
  const broken = ruleBroken(parameter, value);
  return (
    <div className="explorer-field">
      <div className="explorer-label">
        <label htmlFor={id}>{parameter.name}</label>
        {parameter.required ? (
          <span className="badge accent">{t("必填", "required")}</span>
        ) : (
          <span className="badge">{t("可选", "optional")}</span>
        )}
        {parameter.example !== "" && value === "" && (
          <button type="button" className="explorer-example" onClick={() => onChange(parameter.example)}>
            {t("填入示例 ", "Use example ")}
            <code>{parameter.example}</code>
            <span className="visually-hidden"> {parameter.name}</span>
          </button>
        )}
      </div>
      <input
        id={id}
        className="input mono"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        aria-describedby={`${id}-note`}
        aria-invalid={broken || undefined}
        aria-required={parameter.required}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
      />
      <div id={`${id}-note`} className="explorer-note">
        {parameter.description[language]}
        {broken && (
          <span className="explorer-broken">
            {" "}
            {t("不符合规则：", "Against the rule: ")}
            <code>{ruleText(parameter)}</code>
            {t("。仍可发送，看服务器怎样答复。", ". It can be sent all the same, to see what the server says.")}
          </span>
        )}
      </div>
    </div>
  );
}

function ruleText({ isInteger, pattern, minimum, maximum }: OperationParameter): string {
  return isInteger ? `${minimum ?? "−∞"} … ${maximum ?? "∞"}` : (pattern ?? "");
}
