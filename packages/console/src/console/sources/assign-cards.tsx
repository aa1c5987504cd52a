import { Alert, App, Button, Card, DatePicker, Form, Input, Space } from "antd";
import dayjs, { type Dayjs } from "dayjs";
import { useMemo, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useChange } from "../calls.ts";
import { useFormat } from "../parts/format.ts";
import { AssignmentTable } from "./assignment-table.tsx";
import styles from "./sources.module.css";

type Outcomes = CallAnswer<"POST /sources/:name/assignments">["list"];

/** As many as the server takes at once, and as long as it takes them. */
const cardsMax = 5_000;
const serialNoLengthMax = 32;

/**
 * Makes a source the one whose figures count for cards. What it would come to is shown before; what was pasted stays until
 * it is cleared.
 */
export function AssignCards({ name }: { readonly name: string }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { message } = App.useApp();
  const [pasted, setPasted] = useState("");
  const [month, setMonth] = useState<Dayjs | null>(null);
  const [shown, setShown] = useState<{ readonly isDone: boolean; readonly list: Outcomes }>();
  const preview = useChange("POST /sources/:name/assignments/preview");
  const assign = useChange("POST /sources/:name/assignments");
  const serialNos = useMemo(() => [...new Set(pasted.split(/[\s,;，；、]+/u).filter((each) => each !== ""))], [pasted]);
  const problem = problemOf(serialNos, t);
  const input = {
    params: { name },
    body: { serial_nos: serialNos, ...(month === null ? {} : { from_month: month.format("YYYY-MM") }) },
  };
  const error = preview.error ?? assign.error;
  const assignable = shown?.list.filter(({ outcome }) => outcome === "assigned").length ?? 0;
  /** Another list, or another month: what was shown is about the one before. */
  function forget(): void {
    setShown(undefined);
    preview.reset();
    assign.reset();
  }
  return (
    <Card size="small">
      <div className={styles["sections"]}>
        <div>
          <h2>{t("为卡指定来源", "Assign cards")}</h2>
          <span>
            {t(
              "粘贴卡号，使这些卡从某个账期起以本来源的数据为准。已有用量的账期不会更换来源，因为它的数据可能已被读取。",
              "Paste card numbers to let this source count for these cards from a billing month on. A month that has usage keeps its source, since its figure may have been read.",
            )}
          </span>
        </div>
        <Form layout="vertical">
          <Form.Item
            label={t(
              "卡号（serial_no），每行一个，或用逗号、空格分隔",
              "Card numbers (serial_no), by line, comma or space",
            )}
            htmlFor="pasted-cards"
            {...(problem === undefined ? {} : { validateStatus: "error" as const, help: problem })}
          >
            <Input.TextArea
              id="pasted-cards"
              className={`mono ${styles["pasted"]}`}
              autoSize={{ minRows: 4, maxRows: 12 }}
              spellCheck={false}
              value={pasted}
              onChange={(event) => {
                setPasted(event.target.value);
                forget();
              }}
            />
          </Form.Item>
          <Form.Item label={t("从哪个账期起", "From which billing month on")} htmlFor="from-month">
            <DatePicker
              id="from-month"
              picker="month"
              style={{ width: 260 }}
              placeholder={t("每张卡最早可用的账期", "The earliest of each card")}
              minDate={dayjs().subtract(1, "month")}
              value={month}
              onChange={(chosen) => {
                setMonth(chosen);
                forget();
              }}
            />
          </Form.Item>
          <Space wrap>
            <Button
              disabled={serialNos.length === 0 || problem !== undefined}
              loading={preview.isPending}
              onClick={() => {
                forget();
                preview.mutate(input, { onSuccess: ({ list }) => setShown({ isDone: false, list }) });
              }}
            >
              {serialNos.length === 0
                ? t("预览", "Preview")
                : t(`预览 ${format.count(serialNos.length)} 张卡`, `Preview ${format.count(serialNos.length)} cards`)}
            </Button>
            {shown !== undefined && !shown.isDone && (
              <Button
                type="primary"
                disabled={assignable === 0}
                loading={assign.isPending}
                onClick={() =>
                  assign.mutate(input, {
                    onSuccess({ list }) {
                      setShown({ isDone: true, list });
                      const done = list.filter(({ outcome }) => outcome === "assigned").length;
                      void message.success(
                        t(`已为 ${format.count(done)} 张卡指定来源`, `${format.count(done)} cards are assigned`),
                      );
                    },
                  })
                }
              >
                {t(
                  `为 ${format.count(assignable)} 张卡指定 ${name}`,
                  `Assign ${format.count(assignable)} cards to ${name}`,
                )}
              </Button>
            )}
            {pasted !== "" && (
              <Button
                type="text"
                onClick={() => {
                  setPasted("");
                  forget();
                }}
              >
                {t("清空", "Clear")}
              </Button>
            )}
          </Space>
        </Form>
        {error !== null && <Alert type="error" showIcon title={error.message} />}
        {shown !== undefined && <AssignmentTable {...shown} />}
      </div>
    </Card>
  );
}

function problemOf(serialNos: readonly string[], t: (zh: string, en: string) => string): string | undefined {
  const long = serialNos.find((each) => each.length > serialNoLengthMax);
  if (long !== undefined)
    return t(
      `“${long.slice(0, 40)}” 超过 ${serialNoLengthMax} 个字符，不是卡号`,
      `"${long.slice(0, 40)}" is longer than ${serialNoLengthMax} characters, so it is no card number`,
    );
  if (serialNos.length > cardsMax)
    return t(
      `一次最多 ${cardsMax} 张，现有 ${serialNos.length} 张，请分几次`,
      `${cardsMax} at once at most, and these are ${serialNos.length}: do it in several goes`,
    );
  return undefined;
}
