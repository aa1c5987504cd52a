import { Button, Space } from "antd";
import { useLanguage } from "../../shared/language.tsx";

/** Leads through a list that has a next piece but no number of pages: counting them would cost more than showing them. */
export function MorePager(props: {
  readonly first: boolean;
  readonly more: boolean;
  readonly onFirst: () => void;
  readonly onMore: () => void;
}) {
  const { t } = useLanguage();
  if (props.first && !props.more) return null;
  return (
    <Space style={{ marginTop: 16, width: "100%", justifyContent: "flex-end" }}>
      <Button disabled={props.first} onClick={props.onFirst}>
        {t("回到最前", "To the first")}
      </Button>
      <Button disabled={!props.more} onClick={props.onMore}>
        {t("下一页", "Next")}
      </Button>
    </Space>
  );
}
