import { DownloadOutlined } from "@ant-design/icons";
import { Alert, App, Button, Card, Descriptions, Skeleton, Space } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useParams } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { urlOf } from "../api.ts";
import { useAnswer, useChange } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useMayActAs } from "../session.tsx";
import { Figures } from "./figures.tsx";
import { ImportSteps } from "./import-steps.tsx";
import { JobProgress } from "./job-progress.tsx";
import { JobState } from "./job-state.tsx";
import { RefusedLines } from "./refused-lines.tsx";
import { type Job, hasEnded, isMoving, kindName } from "./words.ts";
import styles from "./jobs.module.css";

/** How often it is asked again; of what waits to be confirmed because a colleague may do that. */
function refetchMs(job: Job): number | false {
  if (isMoving(job)) return 1_000;
  return hasEnded(job) ? false : 5_000;
}

/** One job: how far it is, what it asks, and what came of it. Goes on where it was when the server restarts. */
export default function JobPage() {
  const { t } = useLanguage();
  const jobNo = Number(useParams()["jobNo"]);
  const [refetchInterval, setRefetchInterval] = useState<number | false>(1_000);
  const answer = useAnswer("GET /jobs/:job_no", { params: { job_no: jobNo } }, { refetchInterval });
  const job = answer.data;
  if (job === undefined) {
    if (answer.error !== null) return <Failure error={answer.error} onRetry={() => void answer.refetch()} />;
    return <Skeleton active paragraph={{ rows: 10 }} />;
  }
  if (refetchMs(job) !== refetchInterval) setRefetchInterval(refetchMs(job));
  return (
    <>
      <PageHead
        title={t(`${kindName(job.kind, t)}（任务 ${job.job_no}）`, `${kindName(job.kind, t)} (job ${job.job_no})`)}
      >
        <JobState state={job.state} />
        <CancelButton job={job} />
      </PageHead>
      <div className={styles["sections"]}>
        {answer.failureReason !== null && (
          <Alert
            type="warning"
            showIcon
            title={answer.failureReason.message}
            description={t("正在自动重试，任务不受影响。", "Trying again by itself; the job goes on regardless.")}
          />
        )}
        {job.step !== "export" && (
          <ImportSteps current={stepOf(job)} failed={job.state === "failed" || job.state === "cancelled"} />
        )}
        <Stage job={job} />
        <Report job={job} />
        <History job={job} />
      </div>
    </>
  );
}

/** Its place among the steps of an import. */
function stepOf({ state, step }: Job): number {
  if (state === "succeeded") return 4;
  if (step === "import") return state === "checked" ? 2 : 3;
  return state === "uploading" ? 0 : state === "checked" ? 2 : 1;
}

/** What is going on now, and what is to be done. */
function Stage({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const problem = job.problem ?? undefined;
  if (isMoving(job))
    return (
      <Card size="small">
        <JobProgress job={job} />
        <p style={{ marginBottom: 0 }}>
          <small>
            {t(
              "可以离开本页，任务会在后台继续；服务器重启后也会自动接着进行。",
              "You may leave this page: the job goes on in the background, also after a restart of the server.",
            )}
          </small>
        </p>
      </Card>
    );
  if (job.state === "checked") return <Confirmation job={job} />;
  if (job.state === "failed")
    return (
      <Alert
        type="error"
        showIcon
        title={problem}
        description={job.step !== "export" && t("没有导入任何内容。", "Nothing was imported.")}
        action={<Again job={job} />}
      />
    );
  if (job.state === "cancelled")
    return (
      <Alert
        type="info"
        showIcon
        title={problem ?? t("任务已取消，没有写入任何内容。", "The job was cancelled; nothing was written.")}
        action={<Again job={job} />}
      />
    );
  return <Success job={job} />;
}

function Again({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const mayImport = useMayActAs()("operator");
  if (job.kind === "card_export")
    return (
      <Link to="/cards">
        <Button>{t("回到卡列表", "Back to the cards")}</Button>
      </Link>
    );
  if (!mayImport) return null;
  return (
    <Link to={`/jobs/import?kind=${job.kind}`}>
      <Button>{t("上传另一个文件", "Upload another file")}</Button>
    </Link>
  );
}

function Success({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const format = useFormat();
  const mayDownload = useMayActAs()("operator");
  if (job.exported !== null) {
    const file = job.files.find(({ name }) => name === "export");
    return (
      <Alert
        type="success"
        showIcon
        title={t(
          `已导出 ${format.count(job.exported.rows)} 行。`,
          `${format.count(job.exported.rows)} rows were exported.`,
        )}
        description={
          file === undefined
            ? t("文件已过保留期，已删除。", "The file has been deleted after its time.")
            : t(
                `${file.file_name}，${format.bytes(file.size_bytes)}，保留至 ${format.time(job.files_until)}`,
                `${file.file_name}, ${format.bytes(file.size_bytes)}, kept until ${format.time(job.files_until)}`,
              )
        }
        action={
          file !== undefined &&
          mayDownload && (
            <Button
              type="primary"
              icon={<DownloadOutlined />}
              href={urlOf("GET /jobs/:job_no/files/:name", { params: { job_no: job.job_no, name: "export" } })}
              download
            >
              {t("下载", "Download")}
            </Button>
          )
        }
      />
    );
  }
  const nothing = job.step === "check";
  return (
    <Alert
      type="success"
      showIcon
      title={
        nothing
          ? t(
              "文件内容与现有数据一致，无需导入。",
              "All that the file says is there already; there is nothing to import.",
            )
          : t("导入完成。", "The import is done.")
      }
      description={
        job.kind === "card_import" &&
        !nothing &&
        t(
          "之前等待这些卡的用量记录会自动计入。",
          "Usage records that waited for these cards are counted by themselves.",
        )
      }
      action={<Again job={job} />}
    />
  );
}

/** Asks whether what was checked is to be imported. */
function Confirmation({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { message } = App.useApp();
  const mayConfirm = useMayActAs()("operator");
  const queries = useQueryClient();
  const confirm = useChange("POST /jobs/:job_no/confirm");
  // A second click comes before the button shows that the first was seen.
  const isConfirmed = useRef(false);
  const refused = job.check?.refused ?? 0;
  const writes = (job.check?.inserted ?? 0) + (job.check?.updated ?? 0);
  function start(): void {
    if (isConfirmed.current) return;
    isConfirmed.current = true;
    confirm.mutate(
      { params: { job_no: job.job_no }, body: { version: job.version, skip_invalid: refused > 0 } },
      {
        onError(error) {
          isConfirmed.current = false;
          void message.error(error.message);
          // A colleague was faster, or the file was checked again: that is what is shown then.
          void queries.invalidateQueries();
        },
      },
    );
  }
  const offer =
    refused === 0
      ? t(`导入（写入 ${format.count(writes)} 项）`, `Import (writes ${format.count(writes)})`)
      : t(`跳过 ${format.count(refused)} 行，导入其余`, `Skip ${format.count(refused)}, import the rest`);
  return (
    <Alert
      type={refused === 0 && !job.changed_since_check ? "info" : "warning"}
      showIcon
      title={
        job.changed_since_check
          ? t(
              "检查之后数据有了变化，又有行被拒绝，因此没有写入任何内容。请查看新的结果后再确认。",
              "What is stored has changed since the check, and more lines are refused: nothing was written. Look at the new result and confirm it.",
            )
          : t("检查完成，尚未写入任何内容。", "The file is checked; nothing has been written yet.")
      }
      description={
        <>
          <p>
            {t(
              "导入时会再核对一遍，其间数据若有变化，最终结果可能与此不同。",
              "It is checked again when it is imported; if what is stored changes in between, the final result may differ.",
            )}
          </p>
          {mayConfirm && (
            <Space wrap>
              <Button type="primary" loading={confirm.isPending} onClick={start} disabled={writes === 0}>
                {offer}
              </Button>
              <Again job={job} />
            </Space>
          )}
        </>
      }
    />
  );
}

function Report({ job }: { readonly job: Job }) {
  const figures = job.imported ?? job.check;
  if (figures === null || figures.lines === 0) return null;
  return (
    <>
      <Figures figures={figures} isDone={job.imported !== null} />
      <RefusedLines job={job} figures={figures} />
    </>
  );
}

function History({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const format = useFormat();
  const mayDownload = useMayActAs()("operator");
  const input = job.files.find(({ name }) => name === "input");
  const items = [
    ...(job.file_name === null
      ? []
      : [
          {
            label: t("文件", "File"),
            children: (
              <span className={styles["wrap"]}>
                {input !== undefined && mayDownload ? (
                  <a
                    href={urlOf("GET /jobs/:job_no/files/:name", { params: { job_no: job.job_no, name: "input" } })}
                    download
                  >
                    {job.file_name}
                  </a>
                ) : (
                  job.file_name
                )}
                {input !== undefined && <small> ({format.bytes(input.size_bytes)})</small>}
              </span>
            ),
          },
        ]),
    { label: t("发起人", "Begun by"), children: job.created_by },
    { label: t("发起时间", "Begun"), children: format.time(job.created_at) },
    ...(job.confirmed_by === null ? [] : [{ label: t("确认人", "Confirmed by"), children: job.confirmed_by }]),
    { label: t("结束时间", "Ended"), children: format.time(job.finished_at) },
    ...(job.files_until === null
      ? []
      : [{ label: t("文件保留至", "Files kept until"), children: format.time(job.files_until) }]),
  ];
  return (
    <Card size="small">
      <Descriptions size="small" column={{ xs: 1, md: 2 }} items={items} />
    </Card>
  );
}

function CancelButton({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const { modal, message } = App.useApp();
  const cancel = useChange("POST /jobs/:job_no/cancel");
  if (!useMayActAs()("operator") || hasEnded(job)) return null;
  function ask(): void {
    modal.confirm({
      title: t("取消这个任务？", "Cancel this job?"),
      content:
        job.step === "export"
          ? t("已写出的部分会删除，不影响任何数据。", "What it has written of the file is deleted; no data is touched.")
          : t(
              "已做的部分会全部撤销，不会写入任何内容；已上传的文件保留 7 天。",
              "All that it has done is taken back and nothing is written; the uploaded file is kept for 7 days.",
            ),
      okText: t("取消任务", "Cancel the job"),
      okButtonProps: { danger: true },
      cancelText: t("不取消", "Keep it"),
      onOk: () =>
        cancel.mutateAsync({ params: { job_no: job.job_no } }).catch((error: unknown) => {
          void message.error(error instanceof Error ? error.message : String(error));
        }),
    });
  }
  return (
    <Button danger onClick={ask}>
      {t("取消任务", "Cancel the job")}
    </Button>
  );
}
