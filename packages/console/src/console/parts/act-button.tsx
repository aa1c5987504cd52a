import { Alert, Button, type ButtonProps, Modal } from "antd";
import { type ReactNode, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../shared/language.tsx";
import { CallError } from "../api.ts";

/** A button for what should not be done by a slip: says what it will do, and asks once. */
export function ActButton(props: {
  readonly label: string;
  readonly title: string;
  /** What it will do, for whom. */
  readonly children: ReactNode;
  readonly danger?: boolean;
  readonly button?: ButtonProps;
  readonly run: () => Promise<unknown>;
}) {
  const { t } = useLanguage();
  const client = useQueryClient();
  const [isOpen, setIsOpen] = useState(false);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const busy = useRef(false);
  const { label, title, danger = false } = props;

  async function run(): Promise<void> {
    if (busy.current) return;
    busy.current = true;
    setIsBusy(true);
    setProblem(undefined);
    try {
      await props.run();
      setIsOpen(false);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      setProblem(error.message);
      // What is asked about may look different by now: whoever asks again has seen it as it is.
      if (error.code === "conflict") await client.invalidateQueries();
    } finally {
      busy.current = false;
      setIsBusy(false);
    }
  }

  return (
    <>
      <Button
        danger={danger}
        {...props.button}
        onClick={() => {
          setProblem(undefined);
          setIsOpen(true);
        }}
      >
        {label}
      </Button>
      <Modal
        open={isOpen}
        title={title}
        okText={label}
        okButtonProps={{ danger }}
        cancelText={t("取消", "Cancel")}
        confirmLoading={isBusy}
        onOk={() => void run()}
        onCancel={() => setIsOpen(false)}
        destroyOnHidden
      >
        {problem !== undefined && <Alert type="error" showIcon title={problem} style={{ marginBottom: 12 }} />}
        {props.children}
      </Modal>
    </>
  );
}
