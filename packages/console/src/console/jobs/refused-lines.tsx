import { DownloadOutlined } from "@ant-design/icons";
import { Button, Table } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { urlOf } from "../api.ts";
import { useMayActAs } from "../session.tsx";
import type { Figures, Job } from "./words.ts";
import styles from "./jobs.module.css";

/** The refused lines of a file and why, as far as they fit; all of them are in a file that can be mended and uploaded. */
export function RefusedLines({ job, figures }: { readonly job: Job; readonly figures: Figures }) {
  const { t } = useLanguage();
  const mayDownload = useMayActAs()("operator");
  const { refused, first_refused: first } = figures;
  if (refused === 0) return null;
  const file = job.files.find(({ name }) => name === "refused");
  return (
    <section>
      <div className="page-head">
        <h2>{t("被拒绝的行", "Refused lines")}</h2>
        <span className="grow" />
        {file !== undefined && mayDownload && (
          <Button
            icon={<DownloadOutlined />}
            href={urlOf("GET /jobs/:job_no/files/:name", { params: { job_no: job.job_no, name: "refused" } })}
            download
          >
            {t("下载这些行及原因", "Download them with reasons")}
          </Button>
        )}
      </div>
      <Table
        rowKey="line"
        size="small"
        dataSource={first}
        pagination={first.length > 10 ? { pageSize: 10, showSizeChanger: false } : false}
        columns={[
          { title: t("行号", "Line"), dataIndex: "line", width: 90, className: "mono" },
          { title: t("原因", "Reason"), dataIndex: "reason", className: styles["wrap"] ?? "" },
        ]}
      />
      <p>
        <small>
          {refused > first.length &&
            t(`此处只列出前 ${first.length} 行。`, `Only the first ${first.length} are shown. `)}
          {t(
            "下载的文件可在 Excel 中修正后直接重新上传：“line”和“reason”两列会被忽略。",
            "The file can be mended in Excel and uploaded as it is: its columns “line” and “reason” are skipped.",
          )}
        </small>
      </p>
    </section>
  );
}
