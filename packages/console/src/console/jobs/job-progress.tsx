import { Progress, Space, Spin } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { type Job, phaseName } from "./words.ts";

/** How far a job is that is under way. */
export function JobProgress({ job }: { readonly job: Job }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { progress } = job;
  const { done, total } = progress ?? { done: null, total: null };
  function show(value: number): string {
    return progress?.phase === "exporting" ? format.count(value) : format.bytes(value);
  }

  const phase =
    progress !== null
      ? phaseName(progress.phase, t)
      : job.state === "waiting"
        ? t("排队中", "Queued")
        : t("正在准备", "Preparing");
  if (done === null || total === null || total === 0)
    return (
      <Space>
        <Spin size="small" />
        <small>
          {phase} {done === null ? "" : show(done)}
        </small>
      </Space>
    );
  return (
    <div>
      <Progress
        percent={Math.min(99, Math.floor((done / total) * 100))}
        size="small"
        status="active"
        aria-label={phase}
      />
      <small>
        {phase} {show(done)} / {show(total)}
      </small>
    </div>
  );
}
