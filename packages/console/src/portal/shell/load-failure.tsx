import { Component, type ReactNode } from "react";
import { useLanguage } from "../../shared/language.tsx";

interface Props {
  readonly children: ReactNode;
  /** Of the page within: another one is tried anew. */
  readonly path: string;
}

interface State {
  readonly failed: boolean;
  readonly path: string;
}

/**
 * Stands in for a page that could not be loaded: the server is away, or has been updated since this page was opened and
 * has other files by now. Loading anew helps in both cases. A class, since React catches errors in no other way.
 */
export class LoadFailure extends Component<Props, State> {
  override state: State = { failed: false, path: this.props.path };

  static getDerivedStateFromError(): Partial<State> {
    return { failed: true };
  }

  static getDerivedStateFromProps({ path }: Props, state: State): Partial<State> | null {
    return path === state.path ? null : { failed: false, path };
  }

  override render(): ReactNode {
    return this.state.failed ? <Failure /> : this.props.children;
  }
}

function Failure() {
  const { t } = useLanguage();
  return (
    <div className="columns">
      <div className="content" role="alert">
        <h1>{t("页面没有加载成功", "The page could not be loaded")}</h1>
        <p>
          {t(
            "可能是网络中断，或者平台刚刚更新过。重新加载一般就好。",
            "The connection may be down, or the platform has just been updated. Loading it again usually helps.",
          )}
        </p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          {t("重新加载", "Load again")}
        </button>
      </div>
    </div>
  );
}
