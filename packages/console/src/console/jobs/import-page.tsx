import { DownloadOutlined, InboxOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Grid, Progress, Radio, Skeleton, Space, Table, Tag, Upload } from "antd";
import { useCallback, useState } from "react";
import { useNavigate } from "react-router";
import cardsSample from "../../../../../docs/samples/cards.csv?url";
import packagesSample from "../../../../../docs/samples/packages.csv?url";
import productsSample from "../../../../../docs/samples/products.csv?url";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useUrlState } from "../url-state.ts";
import { fileProblem } from "./check-file.ts";
import { ImportSteps } from "./import-steps.tsx";
import { useUpload } from "./upload-file.ts";
import { type ImportKind, importKinds, isImportKind } from "./words.ts";
import styles from "./jobs.module.css";

const samples: Readonly<Record<ImportKind, readonly [url: string, name: string]>> = {
  card_import: [cardsSample, "cards.csv"],
  product_import: [productsSample, "products.csv"],
  package_import: [packagesSample, "packages.csv"],
};

/** Choosing what is imported and the file. All that follows is on the page of the job that comes of it. */
export default function ImportPage() {
  const { t } = useLanguage();
  const [{ kind: asked }, change] = useUrlState(["kind"]);
  const kind = isImportKind(asked) ? asked : "card_import";
  const kinds = useAnswer("GET /jobs/imports/kinds", {});
  const navigate = useNavigate();
  const [file, setFile] = useState<File>();
  const upload = useUpload(useCallback((job) => void navigate(`/jobs/${job.job_no}`), [navigate]));
  if (kinds.data === undefined) {
    if (kinds.error !== null) return <Failure error={kinds.error} onRetry={() => void kinds.refetch()} />;
    return <Skeleton active paragraph={{ rows: 12 }} />;
  }
  return (
    <>
      <PageHead title={t("导入", "Import")} />
      <div className={styles["sections"]}>
        <ImportSteps current={0} />
        <KindChoice
          kind={kind}
          disabled={upload.sentBytes !== undefined}
          onChange={(chosen) => change({ kind: chosen })}
        />
        {upload.sentBytes === undefined || file === undefined ? (
          <FileChoice
            file={file}
            bytesMax={kinds.data.upload_max_bytes}
            problem={upload.error?.message}
            onChoose={setFile}
            onStart={() => file !== undefined && upload.start(kind, file)}
          />
        ) : (
          <UploadProgress file={file} sentBytes={upload.sentBytes} onCancel={() => upload.cancel()} />
        )}
        <ColumnHelp kind={kind} columns={kinds.data.list.find((one) => one.kind === kind)?.columns ?? []} />
      </div>
    </>
  );
}

function KindChoice(props: {
  readonly kind: ImportKind;
  readonly disabled: boolean;
  readonly onChange: (kind: ImportKind) => void;
}) {
  const { t } = useLanguage();
  const described: Readonly<Record<ImportKind, readonly [string, string]>> = {
    card_import: [t("卡", "Cards"), t("新增卡，或更新已有卡的资料", "Add cards, or change what is known of them")],
    product_import: [t("套餐产品", "Products"), t("新增或更新在售套餐", "Add or change packages on sale")],
    package_import: [t("卡的套餐", "Packages of cards"), t("给卡加套餐", "Give packages to cards")],
  };
  return (
    <Radio.Group
      aria-label={t("导入什么", "What to import")}
      className={styles["kinds"] ?? ""}
      value={props.kind}
      disabled={props.disabled}
      onChange={(event) => props.onChange(event.target.value as ImportKind)}
    >
      {importKinds.map((kind) => (
        <Card key={kind} size="small">
          <Radio value={kind}>
            <strong>{described[kind][0]}</strong>
            <br />
            <small>{described[kind][1]}</small>
          </Radio>
        </Card>
      ))}
    </Radio.Group>
  );
}

function FileChoice(props: {
  readonly file: File | undefined;
  readonly bytesMax: number;
  /** Why the last upload has failed. */
  readonly problem: string | undefined;
  readonly onChoose: (file: File | undefined) => void;
  readonly onStart: () => void;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const [refusal, setRefusal] = useState<string>();
  const { file, bytesMax, problem, onChoose, onStart } = props;
  async function choose(chosen: File): Promise<void> {
    const found = await fileProblem(chosen, bytesMax, t, format);
    setRefusal(found);
    onChoose(found === undefined ? chosen : undefined);
  }
  const shown = refusal ?? (file === undefined ? undefined : problem);
  return (
    <section className={styles["sections"]}>
      <Upload.Dragger
        // What is dropped is looked at by ourselves, so that nothing is passed over in silence.
        accept={{ format: ".csv,.txt,text/csv", filter: "native" }}
        showUploadList={false}
        beforeUpload={(chosen) => {
          void choose(chosen);
          return false;
        }}
      >
        <p className="ant-upload-drag-icon">
          <InboxOutlined />
        </p>
        <p className="ant-upload-text">
          {t("点击选择 CSV 文件，或把文件拖到这里", "Click to choose a CSV file, or drop one here")}
        </p>
        <p className="ant-upload-hint">
          {t(
            `UTF-8 或 GB18030 编码，不超过 ${format.bytes(bytesMax)}。先检查并报告，确认后才会写入。`,
            `In UTF-8 or GB18030, up to ${format.bytes(bytesMax)}. It is checked and reported on first; nothing is written until you confirm.`,
          )}
        </p>
      </Upload.Dragger>
      {shown !== undefined && <Alert type="error" showIcon title={shown} />}
      {file !== undefined && (
        <Space wrap>
          <span className={styles["wrap"]}>
            {file.name} <small>({format.bytes(file.size)})</small>
          </span>
          <Button type="primary" onClick={onStart}>
            {problem === undefined ? t("上传并检查", "Upload and check") : t("重新上传", "Upload again")}
          </Button>
        </Space>
      )}
    </section>
  );
}

function UploadProgress(props: { readonly file: File; readonly sentBytes: number; readonly onCancel: () => void }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { file, sentBytes, onCancel } = props;
  const percent = Math.min(100, Math.floor((sentBytes / file.size) * 100));
  return (
    <Card size="small">
      <div className={styles["wrap"]}>{t(`正在上传 ${file.name}`, `Uploading ${file.name}`)}</div>
      <Progress percent={percent} status="active" aria-label={t("上传进度", "Progress of the upload")} />
      <Space wrap>
        <small>
          {format.bytes(Math.min(sentBytes, file.size))} / {format.bytes(file.size)}
        </small>
        <Button size="small" onClick={onCancel}>
          {t("取消上传", "Cancel the upload")}
        </Button>
      </Space>
    </Card>
  );
}

interface ColumnOfFile {
  readonly name: string;
  readonly required: boolean;
  readonly meaning: string;
  readonly expected: string;
}

function ColumnHelp({ kind, columns }: { readonly kind: ImportKind; readonly columns: readonly ColumnOfFile[] }) {
  const { t } = useLanguage();
  const isWide = Grid.useBreakpoint().md ?? true;
  const [url, name] = samples[kind];
  return (
    <section>
      <div className="page-head">
        <h2>{t("文件的列", "Columns of the file")}</h2>
        <span className="grow" />
        <Button icon={<DownloadOutlined />} href={url} download={name}>
          {t("下载示例文件", "Download a sample")}
        </Button>
      </div>
      <Table<ColumnOfFile>
        rowKey="name"
        size="small"
        pagination={false}
        dataSource={columns}
        columns={[
          {
            title: t("列名", "Column"),
            width: isWide ? 190 : 130,
            render: (_, column) => (
              <Space size={6} wrap>
                <span className="mono">{column.name}</span>
                {column.required && <Tag>{t("必填", "required")}</Tag>}
              </Space>
            ),
          },
          {
            title: t("含义", "Meaning"),
            render: (_, { meaning, expected }) =>
              isWide ? (
                meaning
              ) : (
                <>
                  {meaning}
                  <br />
                  <small>{expected}</small>
                </>
              ),
          },
          ...(isWide ? [{ title: t("格式", "Format"), dataIndex: "expected" }] : []),
        ]}
      />
      <p>
        <small>
          {t(
            "第一行是列名，顺序不限，选填列可以没有。空单元格不改变已有的值。长数字（如 ICCID）请先在 Excel 中把该列设为“文本”，以免丢失末几位。",
            "The first line names the columns, in any order; those not required may be left out. An empty cell leaves a value as it is. Format columns of long numbers, such as ICCIDs, as text in Excel, which would lose their last digits otherwise.",
          )}
        </small>
      </p>
    </section>
  );
}
