import { type ReactNode, useId, useRef } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { type Draft, type Form, canHold, debuggerDraft, inForm } from "./draft.ts";
import type { Reading, Row } from "./read-parameters.ts";

const forms: readonly Form[] = ["json", "lines", "rows"];

/** Takes the parameters, in the form the reader has them in. Changing the form keeps them. */
export function ParametersInput({ draft, reading }: { readonly draft: Draft; readonly reading: Reading }) {
  const { t } = useLanguage();
  const id = useId();
  const tabs = useRef<HTMLDivElement>(null);
  const labels = { json: "JSON", lines: t("name=value", "name=value"), rows: t("逐项", "Rows") };
  const possible = forms.filter((form) => form === draft.form || canHold(form, reading));

  function choose(form: Form): void {
    if (form !== draft.form) debuggerDraft.change(inForm(draft, form));
  }

  function move(step: number): void {
    const next = possible.at((possible.indexOf(draft.form) + step) % possible.length);
    if (next === undefined) return;
    choose(next);
    tabs.current?.querySelector<HTMLElement>(`[data-form="${next}"]`)?.focus();
  }

  return (
    <div className="debugger-field">
      <div
        ref={tabs}
        className="tab-list"
        role="tablist"
        aria-label={t("参数的写法", "How the parameters are written")}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          if (event.key === "ArrowLeft") move(-1);
        }}
      >
        {forms.map((form) => (
          <button
            key={form}
            type="button"
            role="tab"
            data-form={form}
            id={`${id}-${form}`}
            aria-controls={`${id}-panel`}
            aria-selected={form === draft.form}
            tabIndex={form === draft.form ? 0 : -1}
            disabled={!possible.includes(form)}
            onClick={() => choose(form)}
          >
            {labels[form]}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} role="tabpanel" aria-labelledby={`${id}-${draft.form}`}>
        {draft.form === "json" && (
          <Pasted
            label={t("请求体（JSON）", "Request body (JSON)")}
            value={draft.json}
            onChange={(json) => debuggerDraft.change({ json })}
          >
            {reading.refusal?.hint === "not_json" && looksLikeLines(draft.json) && (
              <button
                type="button"
                className="button"
                onClick={() => debuggerDraft.change({ form: "lines", lines: draft.json })}
              >
                {t("按 name=value 读取", "Read it as name=value")}
              </button>
            )}
          </Pasted>
        )}
        {draft.form === "lines" && (
          <Pasted
            label={t("每行一个 name=value，或用 & 连成一行", "A name=value on each line, or all in one line with &")}
            value={draft.lines}
            onChange={(lines) => debuggerDraft.change({ lines })}
          >
            <label className="debugger-check">
              <input
                type="checkbox"
                checked={draft.encoded}
                onChange={(event) => debuggerDraft.change({ encoded: event.target.checked })}
              />
              {t("内容经过 URL 编码，先解码", "It is URL-encoded; decode it first")}
            </label>
          </Pasted>
        )}
        {draft.form === "rows" && <Rows rows={draft.rows} />}
      </div>
      {possible.length < forms.length && (
        <div className="debugger-note">
          {t("参数值中有换行，只能用 JSON 表示。", "A value has a line break, which only JSON can hold.")}
        </div>
      )}
    </div>
  );
}

function Pasted({
  label,
  value,
  onChange,
  children,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <>
      <label className="visually-hidden" htmlFor={id}>
        {label}
      </label>
      <textarea
        id={id}
        className="input mono debugger-paste"
        rows={9}
        value={value}
        placeholder={label}
        onChange={(event) => onChange(event.target.value)}
        autoComplete="off"
        autoCapitalize="off"
        autoCorrect="off"
        spellCheck={false}
      />
      {children}
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly Row[] }) {
  const { t } = useLanguage();
  const list = useRef<HTMLDivElement>(null);

  function change(key: number, changed: Partial<Row>): void {
    debuggerDraft.change({ rows: rows.map((row) => (row.key === key ? { ...row, ...changed } : row)) });
  }

  function add(): void {
    const key = Math.max(-1, ...rows.map((row) => row.key)) + 1;
    debuggerDraft.change({ rows: [...rows, { key, name: "", value: "" }] });
    // Shown by the next frame, since the change is rendered at once.
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-row="${key}"] input`)?.focus());
  }

  return (
    <div ref={list} className="debugger-rows">
      {rows.map(({ key, name, value }, index) => (
        <div key={key} data-row={key} role="group" aria-label={t(`第 ${index + 1} 个参数`, `Parameter ${index + 1}`)}>
          <RowInput label={t("参数名", "Name")} value={name} onChange={(changed) => change(key, { name: changed })} />
          <RowInput label={t("值", "Value")} value={value} onChange={(changed) => change(key, { value: changed })} />
          <button
            type="button"
            className="icon-button"
            aria-label={t(`删除参数 ${name}`, `Remove the parameter ${name}`)}
            onClick={() => debuggerDraft.change({ rows: rows.filter((row) => row.key !== key) })}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" className="button" onClick={add}>
        {t("添加参数", "Add a parameter")}
      </button>
    </div>
  );
}

function RowInput({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <input
      className="input mono"
      aria-label={label}
      placeholder={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      autoComplete="off"
      autoCapitalize="off"
      autoCorrect="off"
      spellCheck={false}
    />
  );
}

function looksLikeLines(text: string): boolean {
  return /^[\s?]*[a-z][a-z0-9_]*=/.test(text);
}
