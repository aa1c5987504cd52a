import { Button, Result } from "antd";
import { Component, type ReactNode } from "react";
import { useLanguage } from "../../shared/language.tsx";

interface State {
  readonly failed: boolean;
}

/**
 * Stands in for a page that could not be shown: most often because the server has been updated and the page's old script
 * is gone, which loading anew mends.
 */
export class PageBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <PageFailed /> : this.props.children;
  }
}

function PageFailed() {
  const { t } = useLanguage();
  return (
    <Result
      status="warning"
      title={t("页面未能显示", "The page could not be shown")}
      subTitle={t(
        "平台可能刚刚升级，重新加载即可。",
        "The platform may just have been updated; loading it again mends that.",
      )}
      extra={
        <Button type="primary" onClick={() => location.reload()}>
          {t("重新加载", "Load again")}
        </Button>
      }
    />
  );
}
