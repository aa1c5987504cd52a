import { Alert, Button, Drawer, Form, Grid, Space } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CallError } from "../api.ts";
import { Conflict, type ConflictSeen, useConflict } from "./conflict.tsx";
import { useUnsavedGuard } from "./unsaved-guard.ts";

/** A part of a form, as it is named and shown when two people have changed it. */
export interface FormField<V> {
  readonly name: keyof V & string;
  readonly label: string;
  readonly show: (value: V) => string;
}

/** What is edited, where others may edit it too. */
export interface EditedRecord<V> {
  /** Of the values that the form begins with. */
  readonly version: number;
  /** As the audit log names it. */
  readonly object: { readonly kind: string; readonly id: string };
  readonly fields: readonly FormField<V>[];
  /** Reads it as it is now. */
  readonly load: () => Promise<{ readonly version: number; readonly values: V }>;
}

/**
 * A form at the side of the page. What the server refuses stands at the field that it names, and nothing that was typed is
 * lost: neither by a refusal, nor because a colleague was faster, nor by a click beside the form.
 */
export function FormDrawer<V extends object>(props: {
  readonly title: string;
  readonly initial: V;
  readonly submitText: string;
  readonly record?: EditedRecord<V>;
  /** Saves, in view of that version of the record; what it throws is shown. May answer what to do instead of closing. */
  readonly onSubmit: (values: V, version: number) => Promise<(() => void) | void>;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { t } = useLanguage();
  const isWide = Grid.useBreakpoint().sm ?? true;
  const [form] = Form.useForm<V>();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const [conflict, setConflict] = useState<ConflictSeen<V>>();
  const findConflict = useConflict<V>();
  // A second click comes before the first has been drawn; and what is saved is not asked about on the way out.
  const state = useRef({ isBusy: false, isSaved: false });
  // What the form was opened with, whatever is read of it meanwhile.
  const [{ initial, version }] = useState({ initial: props.initial, version: props.record?.version ?? 0 });
  const { record } = props;
  const names = Object.keys(initial) as (keyof V & string)[];

  const leave = useUnsavedGuard(
    () =>
      !state.current.isSaved &&
      names.some((name) => JSON.stringify(form.getFieldValue(name as never)) !== JSON.stringify(initial[name])),
  );

  async function submit(values: V): Promise<void> {
    if (state.current.isBusy) return;
    state.current.isBusy = true;
    setIsBusy(true);
    setProblem(undefined);
    try {
      const proceed = await props.onSubmit({ ...initial, ...values }, conflict?.version ?? version);
      state.current.isSaved = true;
      (proceed ?? props.onClose)();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      await refused(error, values);
    } finally {
      state.current.isBusy = false;
      setIsBusy(false);
    }
  }

  async function refused(error: CallError, values: V): Promise<void> {
    const field = names.find((name) => name === error.field?.split(".")[0]);
    if (field !== undefined) {
      form.setFields([{ name: field as never, errors: [error.message] }]);
      form.scrollToField(field, { focus: true, block: "center" });
      return;
    }
    setProblem(error.message);
    if (error.code !== "conflict" || record === undefined) return;
    const seen = await findConflict(record).catch(() => undefined);
    if (seen === undefined) return;
    setProblem(undefined);
    setConflict(seen);
    // What was not touched is taken over as it is now: it must not be set back by who wanted to change something else.
    const base = conflict?.values ?? initial;
    for (const name of names)
      if (JSON.stringify(values[name]) === JSON.stringify(base[name]))
        form.setFieldValue(name as never, seen.values[name]);
  }

  return (
    <Drawer
      open
      title={props.title}
      size={isWide ? 560 : "100%"}
      mask={{ closable: true }}
      // The first field has it, see below.
      autoFocus={false}
      onClose={() => leave(props.onClose)}
      footer={
        <Space style={{ width: "100%", justifyContent: "flex-end" }}>
          <Button onClick={() => leave(props.onClose)}>{t("取消", "Cancel")}</Button>
          <Button type="primary" loading={isBusy} onClick={() => form.submit()}>
            {props.submitText}
          </Button>
        </Space>
      }
    >
      {problem !== undefined && <Alert type="error" showIcon title={problem} style={{ marginBottom: 16 }} />}
      {conflict !== undefined && record !== undefined && (
        <Conflict conflict={conflict} fields={record.fields} form={form} />
      )}
      <Form<V>
        form={form}
        layout="vertical"
        initialValues={initial}
        requiredMark={false}
        scrollToFirstError={{ focus: true }}
        onFinish={(values) => void submit(values)}
      >
        <FocusedFirst>{props.children}</FocusedFirst>
        {/* So that Enter submits, the button being outside of the form. */}
        <button type="submit" hidden />
      </Form>
    </Drawer>
  );
}

/** Puts the cursor where typing begins. */
function FocusedFirst({ children }: { readonly children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    place.current?.querySelector<HTMLElement>("input:checked, input:not([type=radio]), textarea")?.focus();
  }, []);
  return <div ref={place}>{children}</div>;
}
