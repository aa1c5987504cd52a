import { ImportOutlined } from "@ant-design/icons";
import { Alert, Button, Checkbox, Empty, Grid, Select, Space, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useMayActAs } from "../session.tsx";
import { useUrlState } from "../url-state.ts";
import { JobProgress } from "./job-progress.tsx";
import { JobState } from "./job-state.tsx";
import { type Job, isMoving, jobKinds, jobStates, kindName, stateName } from "./words.ts";
import styles from "./jobs.module.css";

const pageSize = 50;
const refetchMs = 2_000;

/** The background work: what is under way, what waits to be confirmed, and what was done. */
export default function JobsPage() {
  const { t } = useLanguage();
  const format = useFormat();
  const mayImport = useMayActAs()("operator");
  const [state, change] = useUrlState(["kind", "state", "mine", "before"]);
  const [isLive, setIsLive] = useState(false);
  const isWide = Grid.useBreakpoint().lg ?? true;
  const kind = jobKinds.find((one) => one === state.kind);
  const only = jobStates.find((one) => one === state.state);
  const jobs = useAnswer(
    "GET /jobs",
    {
      query: {
        ...(kind === undefined ? {} : { kind }),
        ...(only === undefined ? {} : { state: only }),
        ...(state.mine === undefined ? {} : { mine: true }),
        ...(state.before === undefined ? {} : { before_job: Number(state.before) }),
        limit: pageSize,
      },
    },
    { refetchInterval: isLive && refetchMs },
  );
  if (jobs.data === undefined && jobs.error !== null)
    return <Failure error={jobs.error} onRetry={() => void jobs.refetch()} />;
  const list = jobs.data?.list ?? [];
  const columns: TableColumnsType<Job> = [
    { title: t("任务", "Job"), width: 240, render: (_, job) => <JobName job={job} /> },
    { title: t("状态", "State"), width: 220, render: (_, job) => <Now job={job} /> },
    { title: t("结果", "Result"), render: (_, job) => <Result job={job} /> },
    { title: t("发起人", "Begun by"), width: 130, render: (_, { created_by }) => created_by },
    {
      title: t("发起时间", "Begun"),
      width: 190,
      render: (_, { created_at }) => <span className="mono">{format.time(created_at)}</span>,
    },
  ];
  if (list.some(isMoving) !== isLive) setIsLive(list.some(isMoving));
  return (
    <>
      <PageHead title={t("后台任务", "Background jobs")}>
        {mayImport && (
          <Link to="/jobs/import">
            <Button type="primary" icon={<ImportOutlined />}>
              {t("导入", "Import")}
            </Button>
          </Link>
        )}
      </PageHead>
      {jobs.failureReason !== null && (
        <Alert style={{ marginBottom: 16 }} type="warning" showIcon title={jobs.failureReason.message} />
      )}
      <div className="filters">
        <Select
          aria-label={t("类型", "Kind")}
          placeholder={t("类型", "Kind")}
          allowClear
          style={{ width: 200 }}
          value={kind ?? null}
          options={jobKinds.map((one) => ({ value: one, label: kindName(one, t) }))}
          onChange={(chosen: string | null) => change({ kind: chosen ?? undefined, before: undefined })}
        />
        <Select
          aria-label={t("状态", "State")}
          placeholder={t("状态", "State")}
          allowClear
          style={{ width: 160 }}
          value={only ?? null}
          options={jobStates.map((one) => ({ value: one, label: stateName(one, t) }))}
          onChange={(chosen: string | null) => change({ state: chosen ?? undefined, before: undefined })}
        />
        <Checkbox
          style={{ alignItems: "center" }}
          checked={state.mine !== undefined}
          onChange={({ target }) => change({ mine: target.checked ? "1" : undefined, before: undefined })}
        >
          {t("只看我发起的", "Only mine")}
        </Checkbox>
      </div>
      <Table<Job>
        rowKey="job_no"
        size="middle"
        loading={jobs.isPending}
        dataSource={list}
        pagination={false}
        locale={{
          emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("没有任务", "There are no jobs")} />,
        }}
        columns={isWide ? columns : [{ title: t("任务", "Job"), render: (_, job) => <JobCard job={job} /> }]}
      />
      <MorePager
        first={state.before === undefined}
        more={jobs.data?.more ?? false}
        onFirst={() => change({ before: undefined })}
        onMore={() => change({ before: String(list.at(-1)?.job_no ?? "") })}
      />
    </>
  );
}

function JobName({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  return (
    <>
      <Link to={`/jobs/${job.job_no}`}>
        {kindName(job.kind, t)} #{job.job_no}
      </Link>
      {job.file_name !== null && (
        <div className={styles["wrap"]}>
          <small>{job.file_name}</small>
        </div>
      )}
    </>
  );
}

function Now({ job }: { readonly job: Job }) {
  return isMoving(job) ? <JobProgress job={job} /> : <JobState state={job.state} />;
}

/** All of a job's columns in one, where there is no room for more. */
function JobCard({ job }: { readonly job: Job }) {
  const format = useFormat();
  return (
    <Space orientation="vertical" size={4} style={{ width: "100%" }}>
      <JobName job={job} />
      <Now job={job} />
      <Result job={job} />
      <small>
        {job.created_by} <span className="mono">{format.shortTime(job.created_at)}</span>
      </small>
    </Space>
  );
}

/** What came of a job, in a line or two. */
function Result({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (job.problem !== null) return <span className={styles["clamped"]}>{job.problem}</span>;
  if (job.exported !== null)
    return t(`${format.count(job.exported.rows)} 行`, `${format.count(job.exported.rows)} rows`);
  const figures = job.imported ?? job.check;
  if (figures === null || job.state === "cancelled") return null;
  const { lines, inserted, updated, refused } = figures;
  return t(
    `${format.count(lines)} 行：${job.imported === null ? "将" : ""}新增 ${format.count(inserted)}，更新 ${format.count(updated)}，拒绝 ${format.count(refused)}`,
    `${format.count(lines)} lines: ${format.count(inserted)} ${job.imported === null ? "to be added" : "added"}, ${format.count(updated)} changed, ${format.count(refused)} refused`,
  );
}
