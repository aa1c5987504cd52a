import type { Static } from "typebox";
import { Value } from "typebox/value";
import { OperatorError } from "../../errors.ts";
import { type Language, type Text, text } from "../../text.ts";
import type { CsvCell } from "../exports/csv.ts";
import type { ExportDefinition } from "../jobs/export-job.ts";
import { formatMonth } from "../packages/billing-month.ts";
import { toHundredths } from "../packages/megabytes.ts";
import { cardQueryOf } from "./card-list.console.ts";
import { cardListing } from "./card-list.endpoints.ts";
import type { CardListService, ListedCard } from "./card-list.service.ts";
import { usedPercent } from "./cards.service.ts";

interface Column {
  readonly title: Text;
  /** Numbers are such as somebody adds up; card numbers are texts, of which a spreadsheet would lose digits. */
  readonly cell: (card: ListedCard, as: CellWriter) => CsvCell;
}

interface CellWriter {
  readonly language: Language;
  /** In the platform's time zone, to the second. */
  readonly time: (moment: Date) => string;
}

const columns: Readonly<Record<string, Column>> = {
  serial_no: { title: text("卡号", "Card number"), cell: ({ row }) => row.serial_no },
  iccid: { title: text("ICCID", "ICCID"), cell: ({ row }) => row.iccid },
  msisdn: { title: text("MSISDN", "MSISDN"), cell: ({ row }) => row.msisdn },
  imsi: { title: text("IMSI", "IMSI"), cell: ({ row }) => row.imsi },
  custom_no: { title: text("自定义编号", "Custom number"), cell: ({ row }) => row.custom_no },
  account_no: { title: text("账户编号", "Account number"), cell: ({ row }) => row.account_no },
  account_name: { title: text("账户", "Account"), cell: ({ row }) => row.account_name },
  carrier: { title: text("运营商", "Carrier"), cell: ({ row }) => row.carrier },
  sim_status: {
    title: text("卡状态", "SIM status"),
    cell: ({ row }, { language }) => (simStatuses[row.sim_status] ?? unknown)[language],
  },
  gprs_status: {
    title: text("数据状态", "Data status"),
    cell: ({ row }, { language }) => (gprsStatuses[row.gprs_status] ?? unknown)[language],
  },
  cycle_day: { title: text("账期起始日", "Billing day"), cell: ({ row }) => row.cycle_day },
  billing_month: { title: text("账期", "Billing month"), cell: ({ month }) => formatMonth(month) },
  total_data_value: {
    title: text("本月总量 (MB)", "Allowance (MB)"),
    cell: ({ figures }) => megabytes(toHundredths(figures.allowanceBytes)),
  },
  used_data_value: {
    title: text("本月已用 (MB)", "Used (MB)"),
    cell: ({ figures }) => megabytes(toHundredths(figures.usedBytes)),
  },
  left_data_value: {
    title: text("本月剩余 (MB)", "Left (MB)"),
    cell: ({ figures }) =>
      megabytes(Math.max(0, toHundredths(figures.allowanceBytes) - toHundredths(figures.usedBytes))),
  },
  used_percent: { title: text("已用 (%)", "Used (%)"), cell: ({ figures }) => usedPercent(figures) },
  data_as_of: {
    title: text("用量截至", "Usage known up to"),
    cell: ({ figures }, { time }) => (figures.asOf === null ? null : time(figures.asOf)),
  },
  created_at: { title: text("入库时间", "Added"), cell: ({ row }, { time }) => time(new Date(row.created_at)) },
};

const simStatuses: Readonly<Record<number, Text>> = {
  0: text("停机", "Stopped"),
  1: text("正常", "Running"),
  2: text("待激活", "Awaiting activation"),
  3: text("停机中", "Being stopped"),
  4: text("开机中", "Being started"),
};

const gprsStatuses: Readonly<Record<number, Text>> = {
  0: text("已关闭", "Off"),
  1: text("已开启", "On"),
  3: text("关闭中", "Being switched off"),
  4: text("开启中", "Being switched on"),
};

const unknown = text("未知", "Unknown");

/** The cards of a list, in its order, with the columns chosen there. */
export function cardExport(list: CardListService, { timeZone }: { readonly timeZone: string }): ExportDefinition {
  const moment = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return {
    title: text("卡清单", "cards"),
    begin({ filter, columns: names, language }) {
      const chosen = names.map(columnOf);
      const query = cardQueryOf(listingOf(filter));
      const writer: CellWriter = { language, time: (at) => moment.format(at) };
      async function* rows(): AsyncGenerator<CsvCell[]> {
        for await (const some of list.walk(query))
          for (const card of some) yield chosen.map((column) => column.cell(card, writer));
      }
      return {
        header: chosen.map(({ title }) => title[language]),
        total: () => list.count(query),
        rows: rows(),
      };
    },
  };
}

function columnOf(name: string): Column {
  const column = Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (column === undefined) throw new OperatorError(text(`没有 “${name}” 这一列`, `there is no column "${name}"`));
  return column;
}

function listingOf(filter: Readonly<Record<string, unknown>>): Static<typeof cardListing> {
  const unknownName = Object.keys(filter).find((name) => !Object.hasOwn(cardListing.properties, name));
  if (unknownName !== undefined || !Value.Check(cardListing, filter))
    throw new OperatorError(
      text(
        `筛选条件无效${unknownName === undefined ? "" : `：${unknownName}`}`,
        `the filter is not valid${unknownName === undefined ? "" : `: ${unknownName}`}`,
      ),
    );
  return filter;
}

/** As the API prints it. */
function megabytes(hundredths: number): number {
  return hundredths / 100;
}
