import { Button, Empty, Grid, Popconfirm, Space, Table, type TableColumnsType, Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useFormat } from "../parts/format.ts";

export type StaffSession = CallAnswer<"GET /sessions">["list"][number];

/** Where somebody is signed in, and a way to end that. */
export function SessionsTable(props: {
  readonly list: readonly StaffSession[];
  readonly loading: boolean;
  readonly onEnd: (session: StaffSession) => Promise<unknown>;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const isWide = Grid.useBreakpoint().md ?? true;
  const end = (session: StaffSession) => <EndSession session={session} onEnd={props.onEnd} />;
  const columns: TableColumnsType<StaffSession> = [
    { title: t("设备", "Device"), render: (_, session) => <Device session={session} /> },
    {
      title: t("地址", "Address"),
      render: (_, { address }) => <span className="mono">{address ?? "—"}</span>,
    },
    {
      title: t("登录时间", "Signed in"),
      width: 130,
      render: (_, session) => <span className="mono">{format.shortTime(session.signed_in_at)}</span>,
    },
    {
      title: t("最近使用", "Last used"),
      width: 130,
      render: (_, session) => <span className="mono">{format.shortTime(session.last_seen_at)}</span>,
    },
    { title: "", width: 100, align: "end", render: (_, session) => end(session) },
  ];
  return (
    <Table<StaffSession>
      rowKey="session_id"
      size="middle"
      loading={props.loading}
      dataSource={props.list}
      pagination={false}
      locale={{
        emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("没有登录会话", "Signed in nowhere")} />,
      }}
      columns={
        isWide
          ? columns
          : [
              {
                title: t("登录会话", "Session"),
                render: (_, session) => (
                  <Space orientation="vertical" size={4} style={{ width: "100%" }}>
                    <Device session={session} />
                    <small className="mono">{session.address ?? "—"}</small>
                    <small>
                      {t("最近使用", "Last used")}{" "}
                      <span className="mono">{format.shortTime(session.last_seen_at)}</span>
                    </small>
                    {end(session)}
                  </Space>
                ),
              },
            ]
      }
    />
  );
}

function Device({ session }: { readonly session: StaffSession }) {
  const { t } = useLanguage();
  return (
    <Space size={8} wrap>
      {session.device ?? t("未知设备", "Unknown device")}
      {session.current && <Tag color="success">{t("当前", "This one")}</Tag>}
    </Space>
  );
}

function EndSession(props: {
  readonly session: StaffSession;
  readonly onEnd: (session: StaffSession) => Promise<unknown>;
}) {
  const { t } = useLanguage();
  const { session } = props;
  return (
    <Popconfirm
      title={session.current ? t("退出当前登录？", "Sign out here?") : t("结束这个登录会话？", "End this session?")}
      description={t("该设备须重新登录才能继续操作。", "The device has to sign in again before it can go on.")}
      okText={session.current ? t("退出", "Sign out") : t("结束", "End it")}
      okButtonProps={{ danger: true }}
      onConfirm={() => void props.onEnd(session)}
    >
      <Button danger size="small">
        {session.current ? t("退出", "Sign out") : t("结束", "End")}
      </Button>
    </Popconfirm>
  );
}
