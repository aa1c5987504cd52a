import { App } from "antd";
import { useCallback, useEffect, useRef } from "react";
import { useBlocker } from "react-router";
import { useLanguage } from "../../shared/language.tsx";

/**
 * Keeps what has been typed from being lost by a click: leaving for another page, closing the tab, or whatever is done
 * through the function that it returns, asks first while `isUnsaved` says so.
 */
export function useUnsavedGuard(
  isUnsaved: () => boolean,
  question?: { readonly title: string; readonly content: string },
): (leave: () => void) => void {
  const { t } = useLanguage();
  const title = question?.title ?? t("放弃未保存的内容？", "Discard what has not been saved?");
  const content =
    question?.content ??
    t("已填写的内容还没有保存，离开后将丢失。", "What you have typed is not saved and will be lost.");
  const { modal } = App.useApp();
  const current = useRef(isUnsaved);
  useEffect(() => {
    current.current = isUnsaved;
  });

  useEffect(() => {
    function ask(event: BeforeUnloadEvent): void {
      if (current.current()) event.preventDefault();
    }
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, []);

  const confirm = useCallback(
    (leave: () => void, stay: () => void) =>
      void modal.confirm({
        title,
        content,
        okText: t("放弃并离开", "Discard and leave"),
        okButtonProps: { danger: true },
        cancelText: t("留在此处", "Stay"),
        onOk: leave,
        onCancel: stay,
      }),
    [modal, t, title, content],
  );

  const blocker = useBlocker(useCallback(() => current.current(), []));
  useEffect(() => {
    if (blocker.state === "blocked") confirm(blocker.proceed, blocker.reset);
  }, [blocker, confirm]);

  return (leave) => (current.current() ? confirm(leave, () => {}) : leave());
}
