import { DownloadOutlined } from "@ant-design/icons";
import { App, Button, Dropdown } from "antd";
import { useNavigate } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useChange } from "../calls.ts";
import { type ColumnName, columnNames, exportedColumns } from "./card-columns.tsx";
import type { Listing } from "./listing.ts";

/** Exports what is listed, in the background, and leads to where the file will be. */
export function ExportButton({
  listing,
  columns,
}: {
  readonly listing: Listing;
  readonly columns: readonly ColumnName[];
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const request = useChange("POST /jobs/exports");
  const choices = {
    "xlsx-all": t("Excel，全部列", "Excel, all columns"),
    "xlsx-shown": t("Excel，仅显示的列", "Excel, the columns shown"),
    "csv-all": t("CSV，全部列", "CSV, all columns"),
    "csv-shown": t("CSV，仅显示的列", "CSV, the columns shown"),
  };
  function start(choice: string): void {
    const names = choice.endsWith("-all") ? columnNames : columns;
    request.mutate(
      {
        body: {
          kind: "card_export",
          filter: { ...listing },
          columns: names.flatMap((name) => exportedColumns[name]),
          format: choice.startsWith("xlsx") ? "xlsx" : "csv",
        },
      },
      {
        onSuccess: (job) => void navigate(`/jobs/${job.job_no}`),
        onError: (error) => void message.error(error.message),
      },
    );
  }
  return (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: Object.entries(choices).map(([key, label]) => ({ key, label })),
        onClick: ({ key }) => start(key),
      }}
    >
      <Button icon={<DownloadOutlined />} loading={request.isPending}>
        {t("导出", "Export")}
      </Button>
    </Dropdown>
  );
}
