import { useEffect, useRef } from "react";
import { useLocation } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { Icon } from "./icon.tsx";
import { Navigation } from "./navigation.tsx";

/** The navigation on a narrow screen. */
export function Drawer({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const location = useLocation();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  useEffect(onClose, [location, onClose]);

  return (
    <dialog
      ref={dialog}
      className="drawer"
      aria-label={t("目录", "Contents")}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {open && (
        <nav aria-label={t("目录", "Contents")}>
          <header>
            <button type="button" className="icon-button" aria-label={t("关闭", "Close")} onClick={onClose}>
              <Icon name="close" />
            </button>
          </header>
          <Navigation />
        </nav>
      )}
    </dialog>
  );
}
