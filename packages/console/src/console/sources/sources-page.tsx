import { PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Empty, Grid, Space, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useMayActAs } from "../session.tsx";
import { CreateSource } from "./create-source.tsx";
import { RecordBars } from "./record-bars.tsx";
import { Heard, Lag, SourceState } from "./source-state.tsx";
import { type ListedSource, kindName } from "./words.ts";
import styles from "./sources.module.css";

const refetchMs = 10_000;

/** Who reports usage, and whether it comes as it should. */
export default function SourcesPage() {
  const { t } = useLanguage();
  const mayCreate = useMayActAs()("admin");
  const [isCreating, setIsCreating] = useState(false);
  const isWide = Grid.useBreakpoint().lg ?? true;
  const sources = useAnswer("GET /sources", {}, { refetchInterval: refetchMs });
  if (sources.data === undefined && sources.error !== null)
    return <Failure error={sources.error} onRetry={() => void sources.refetch()} />;
  const columns: TableColumnsType<ListedSource> = [
    { title: t("来源", "Source"), width: 220, render: (_, source) => <Name source={source} /> },
    { title: t("状态", "State"), width: 150, render: (_, source) => <SourceState source={source} /> },
    { title: t("最近一次上报", "Last heard of"), width: 170, render: (_, source) => <Heard source={source} /> },
    { title: t("用量时间落后", "Usage behind by"), width: 150, render: (_, source) => <Lag source={source} /> },
    { title: t("最近 24 小时的记录", "Records, last 24 hours"), render: (_, source) => <Bars source={source} /> },
  ];
  return (
    <>
      <PageHead title={t("用量来源", "Usage sources")}>
        {mayCreate && (
          <Button type="primary" icon={<PlusOutlined />} onClick={() => setIsCreating(true)}>
            {t("新建来源", "New source")}
          </Button>
        )}
      </PageHead>
      {sources.failureReason !== null && (
        <Alert style={{ marginBottom: 16 }} type="warning" showIcon title={sources.failureReason.message} />
      )}
      <Table<ListedSource>
        rowKey="name"
        size="middle"
        loading={sources.isPending}
        dataSource={sources.data?.list ?? []}
        pagination={false}
        locale={{ emptyText: <NoSources /> }}
        columns={
          isWide ? columns : [{ title: t("来源", "Source"), render: (_, source) => <SourceCard source={source} /> }]
        }
      />
      {mayCreate && <CreateSource open={isCreating} onClose={() => setIsCreating(false)} />}
    </>
  );
}

function NoSources() {
  const { t } = useLanguage();
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={t(
        "还没有来源。来源是上报用量的一方，例如运营商平台或分组网关。",
        "There are no sources yet. A source is whatever reports usage, such as a carrier's platform or a packet gateway.",
      )}
    />
  );
}

function Name({ source }: { readonly source: ListedSource }) {
  const { t } = useLanguage();
  return (
    <>
      <Link to={`/sources/${encodeURIComponent(source.name)}`} className={styles["name"] ?? ""}>
        {source.name}
      </Link>
      <div>
        <small>
          {kindName(source.kind, t)}
          {source.unit !== null && ` · ${source.unit}`}
        </small>
      </div>
    </>
  );
}

function Bars({ source }: { readonly source: ListedSource }) {
  return <RecordBars points={source.last_day} />;
}

/** All of a source's columns in one, where there is no room for more. */
function SourceCard({ source }: { readonly source: ListedSource }) {
  const { t } = useLanguage();
  return (
    <Space orientation="vertical" size={8} style={{ width: "100%" }}>
      <div className={styles["cardHead"]}>
        <div>
          <Name source={source} />
        </div>
        <SourceState source={source} />
      </div>
      <dl className={styles["facts"]}>
        <dt>{t("最近一次上报", "Last heard of")}</dt>
        <dd>
          <Heard source={source} />
        </dd>
        <dt>{t("用量时间落后", "Usage behind by")}</dt>
        <dd>
          <Lag source={source} />
        </dd>
      </dl>
      <Bars source={source} />
    </Space>
  );
}
