import { Alert, Button, Drawer, Form, Input, InputNumber, Radio, Select, Space } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer, CallInput } from "../api.ts";
import { useChange } from "../calls.ts";
import { ExpectedEvery } from "./expected-every.tsx";
import { IssuedToken } from "./issued-token.tsx";
import type { Source } from "./words.ts";

type NewSource = CallInput<"POST /sources">["body"];
type Issued = CallAnswer<"POST /sources">;

interface Fields {
  readonly name: string;
  readonly kind: Source["kind"];
  /** Empty: records name their own. */
  readonly unit: NonNullable<NewSource["unit"]> | "";
  /** Asked of readings only. */
  readonly graceHours?: number;
  readonly closeAfterHours: number;
  readonly expectedEverySeconds: number | null;
}

/** As `dks source create` has it. */
const defaultGraceHours = 6;

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const units = ["B", "KB", "MB", "GB", "TB", "KB-SI", "MB-SI", "GB-SI", "TB-SI"] as const;

/** What a source is made of; then its token, once. What is typed stays while the drawer is closed. */
export function CreateSource({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Fields>();
  const [issued, setIssued] = useState<Issued & { readonly kind: Source["kind"] }>();
  const create = useChange("POST /sources");
  function submit({
    name,
    kind,
    unit,
    graceHours = defaultGraceHours,
    closeAfterHours,
    expectedEverySeconds,
  }: Fields): void {
    create.mutate(
      {
        body: {
          name,
          kind,
          unit: unit === "" ? null : unit,
          grace_seconds: Math.round(graceHours * 3600),
          close_after_seconds: Math.round(closeAfterHours * 3600),
          expected_every_seconds: expectedEverySeconds,
        },
      },
      {
        onSuccess: (answer) => setIssued({ ...answer, kind }),
        onError(error) {
          if (error.field === "name") form.setFields([{ name: "name", errors: [error.message] }]);
        },
      },
    );
  }
  function close(): void {
    if (issued !== undefined) {
      setIssued(undefined);
      form.resetFields();
    }
    create.reset();
    onClose();
  }
  const isIssued = issued !== undefined;
  return (
    <Drawer
      open={open}
      onClose={close}
      size={560}
      title={
        isIssued ? t(`已建立来源 ${issued.name}`, `The source ${issued.name} is made`) : t("新建来源", "New source")
      }
      // The token is gone with the drawer, so that nothing but the button closes it.
      closable={!isIssued}
      mask={{ closable: false }}
      keyboard={!isIssued}
    >
      {isIssued ? (
        <IssuedToken {...issued} onDone={close} />
      ) : (
        <Form<Fields>
          form={form}
          layout="vertical"
          requiredMark={false}
          initialValues={{
            kind: "delta",
            unit: "",
            graceHours: defaultGraceHours,
            closeAfterHours: 72,
            expectedEverySeconds: null,
          }}
          onFinish={submit}
        >
          {create.error !== null && create.error.field !== "name" && (
            <Alert type="error" showIcon title={create.error.message} style={{ marginBottom: 16 }} />
          )}
          <SourceFields />
          <Space>
            <Button type="primary" htmlType="submit" loading={create.isPending}>
              {t("建立并取得令牌", "Make it and get its token")}
            </Button>
            <Button onClick={close}>{t("取消", "Cancel")}</Button>
          </Space>
        </Form>
      )}
    </Drawer>
  );
}

function SourceFields() {
  const { t } = useLanguage();
  const kind = Form.useWatch<Source["kind"] | undefined>("kind") ?? "delta";
  return (
    <>
      <Form.Item<Fields>
        name="name"
        label={t("名称", "Name")}
        extra={t(
          "小写字母、数字和 . _ -，例如 onelink-a；建立后不能更改",
          "Small letters, digits and . _ -, such as onelink-a; it cannot be changed later",
        )}
        rules={[
          { required: true, message: t("请填写名称", "Give it a name") },
          {
            pattern: namePattern,
            message: t(
              "应以小写字母或数字开头，只含小写字母、数字和 . _ -，最长 64 个字符",
              "It must begin with a small letter or digit and have only these and . _ -, 64 at most",
            ),
          },
        ]}
        validateFirst
      >
        <Input maxLength={64} autoComplete="off" spellCheck={false} />
      </Form.Item>
      <Form.Item<Fields>
        name="kind"
        label={t("上报的是", "It reports")}
        extra={t("建立后不能更改", "It cannot be changed later")}
      >
        <Radio.Group>
          <Space orientation="vertical" size={4}>
            <Radio value="delta">
              {t(
                "增量：一段时间内用了多少，当月用量是各条之和",
                "Deltas: how much was used in a period; the month is their sum",
              )}
            </Radio>
            <Radio value="reading">
              {t(
                "读数：运营商当月累计计数器的数值，当月用量是最新的一个",
                "Readings: where the carrier's counter of the month stood; the month is the latest",
              )}
            </Radio>
          </Space>
        </Radio.Group>
      </Form.Item>
      <Form.Item<Fields>
        name="unit"
        label={t("默认单位", "Unit where a record names none")}
        extra={t(
          "国内运营商的 KB、MB 按 1024；带 -SI 的按 1000",
          "KB and MB are 1,024 and its powers; those with -SI are 1,000",
        )}
      >
        <Select
          options={[
            { value: "", label: t("无，每条记录自己写明", "None: every record names its own") },
            ...units.map((unit) => ({ value: unit, label: unit })),
          ]}
        />
      </Form.Item>
      {kind === "reading" && (
        <Form.Item<Fields>
          name="graceHours"
          rules={[{ required: true, message: t("请填写小时数", "Say how many hours") }]}
          label={t("月初宽限", "Grace after a month's start")}
          extra={t(
            "月初这段时间内，运营商的计数器可能还没有清零",
            "For so long the carrier's counter may not have been reset yet",
          )}
        >
          <InputNumber min={0} max={48} suffix={t("小时", "hours")} style={{ width: 160 }} />
        </Form.Item>
      )}
      <Form.Item<Fields>
        name="closeAfterHours"
        rules={[{ required: true, message: t("请填写小时数", "Say how many hours") }]}
        label={t("关账时间", "A month closes after")}
        extra={t("账期结束后多久关账，之后到达的记录计为调整", "What arrives later counts as an adjustment")}
      >
        <InputNumber min={0} max={720} suffix={t("小时", "hours")} style={{ width: 160 }} />
      </Form.Item>
      <Form.Item<Fields>
        name="expectedEverySeconds"
        label={t("应至少多久上报一次", "Expected at least every")}
        extra={t(
          "超过这段时间没有记录就标为“迟到”，以后可以修改",
          "Without records for longer it is marked late; can be changed later",
        )}
      >
        <ExpectedEvery />
      </Form.Item>
    </>
  );
}
