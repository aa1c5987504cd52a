import { Alert, App, Form, Input, Radio } from "antd";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../shared/language.tsx";
import { useChange } from "../calls.ts";
import { FormDrawer } from "../parts/form-drawer.tsx";
import { useFormat } from "../parts/format.ts";
import { readMoney } from "../parts/typed-number.ts";
import type { Account } from "./words.ts";

interface Values {
  readonly act: "top_up" | "add" | "take";
  readonly amount: string;
  readonly remark: string;
}

/** Books a movement. Its number is made once, with the form: a double click and a retry after a lost connection book once. */
export function BookMovement({ account, onClose }: { readonly account: Account; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const client = useQueryClient();
  const book = useChange("POST /accounts/:account_no/movements");
  const [requestNo] = useState(newRequestNo);
  async function submit({ act, amount, remark }: Values): Promise<void> {
    const sign = act === "take" ? "-" : "";
    const { repeated } = await book
      .mutateAsync({
        params: { account_no: account.account_no },
        body: {
          kind: act === "top_up" ? "top_up" : "correction",
          amount: `${sign}${readMoney(amount)}`,
          remark,
          request_no: requestNo,
        },
      })
      .catch(async (error: unknown) => {
        // An earlier attempt may have been booked though its answer was lost: the ledger behind the form shows it.
        await client.invalidateQueries();
        throw error;
      });
    void message.success(
      repeated ? t("这一笔之前已入账，没有重复记账", "This was booked already, and not again") : t("已入账", "Booked"),
    );
  }
  return (
    <FormDrawer<Values>
      title={t(`充值或调整：${account.name}`, `Balance of ${account.name}`)}
      initial={{ act: "top_up", amount: "", remark: "" }}
      submitText={t("入账", "Book")}
      onClose={onClose}
      onSubmit={submit}
    >
      <Form.Item name="act" label={t("类型", "Kind")}>
        <Radio.Group
          options={[
            { value: "top_up", label: t("充值", "Top-up") },
            { value: "add", label: t("调整：增加", "Correction: add") },
            { value: "take", label: t("调整：扣减", "Correction: take") },
          ]}
        />
      </Form.Item>
      <Form.Item name="amount" label={t("金额（元）", "Amount in CNY")}>
        <Input className="mono" inputMode="decimal" autoComplete="off" maxLength={24} />
      </Form.Item>
      <Outcome balance={account.balance} />
      <RemarkField />
    </FormDrawer>
  );
}

function RemarkField() {
  const { t } = useLanguage();
  const isCorrection = Form.useWatch<string | undefined>("act") !== "top_up";
  return (
    <Form.Item
      name="remark"
      label={isCorrection ? t("调整原因", "Why it is corrected") : t("备注（可不填）", "Remark, if any")}
      extra={t("写进账目，不能再修改。", "It stays in the ledger and cannot be changed.")}
    >
      <Input autoComplete="off" maxLength={220} />
    </Form.Item>
  );
}

/** What the balance will be, as far as it is known here; the server counts from what it is then. */
function Outcome({ balance }: { readonly balance: string }) {
  const { t } = useLanguage();
  const format = useFormat();
  const act = Form.useWatch<string | undefined>("act");
  const amount = readMoney(Form.useWatch<string | undefined>("amount") ?? "");
  if (!/^\d{1,10}(\.\d{1,2})?$/.test(amount) || Number(amount) === 0) return null;
  const after = hundredths(balance) + (act === "take" ? -1 : 1) * hundredths(amount);
  return (
    <Alert
      style={{ marginBottom: 24 }}
      type={after < 0 ? "error" : "info"}
      title={
        after < 0
          ? t(`余额 ${format.money(balance)}，不够扣减`, `The balance is ${format.money(balance)}: not enough`)
          : t(
              `余额将从 ${format.money(balance)} 变为 ${format.money((after / 100).toFixed(2))}`,
              `The balance goes from ${format.money(balance)} to ${format.money((after / 100).toFixed(2))}`,
            )
      }
    />
  );
}

function hundredths(amount: string): number {
  return Math.round(Number(amount) * 100);
}

function newRequestNo(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
