import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useChange } from "../calls.ts";
import type { Source } from "./words.ts";

/** Stops taking what a source sends, or begins again. */
export function SuspendSource({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const { modal, message } = App.useApp();
  const change = useChange("PATCH /sources/:name");
  const queries = useQueryClient();
  const { name, version, status } = source;
  const isSuspended = status === "suspended";
  function set(to: Source["status"]): Promise<unknown> {
    return change.mutateAsync({ params: { name }, body: { version, status: to } }).then(
      () =>
        message.success(
          to === "suspended" ? t(`已停用 ${name}`, `${name} is suspended`) : t(`已恢复 ${name}`, `${name} is resumed`),
        ),
      (error: unknown) => {
        void message.error(error instanceof Error ? error.message : String(error));
        // Perhaps a colleague was faster: that is what is shown then.
        return queries.invalidateQueries();
      },
    );
  }
  function ask(): void {
    modal.confirm({
      title: t(`停用来源 ${name}？`, `Suspend the source ${name}?`),
      content: t(
        "停用后，它发来的记录立即全部被拒绝，直到恢复为止；运营商需在恢复后补发。已计入的用量不变。",
        "From now on whatever it sends is refused, until it is resumed; its sender has to send that again afterwards. What counts already stays.",
      ),
      okText: t("停用", "Suspend"),
      okButtonProps: { danger: true },
      cancelText: t("不停用", "Keep it"),
      onOk: () => set("suspended"),
    });
  }
  return isSuspended ? (
    <Button loading={change.isPending} onClick={() => void set("normal")}>
      {t("恢复", "Resume")}
    </Button>
  ) : (
    <Button danger onClick={ask}>
      {t("停用", "Suspend")}
    </Button>
  );
}
