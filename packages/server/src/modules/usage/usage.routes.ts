import { formatMoment } from "../../clock.ts";
import { AppError, invariant } from "../../errors.ts";
import { type Route, route } from "../../http/operation.ts";
import { type Text, text } from "../../text.ts";
import { formatMonth, parseMonth } from "../packages/billing-month.ts";
import { formatHundredths, toHundredths } from "../packages/megabytes.ts";
import { daysMax, memberUsageDaily, memberUsageMonth, monthsMax } from "./usage.contract.ts";
import type { UsageService } from "./usage.service.ts";

export function usageRoutes(usage: UsageService): Route[] {
  return [
    route(memberUsageDaily, async (caller, { serial_no, start_date, end_date }) => {
      const [first, last] = [readDay("start_date", start_date), readDay("end_date", end_date)];
      checkRange({
        start: { name: "start_date", given: start_date },
        end: { name: "end_date", given: end_date },
        count: last - first + 1,
        max: daysMax,
        unit: text("天", "days"),
      });
      const days = await usage.daily(caller.accountNo, serial_no, first, last);
      return {
        list: days.map((day) => ({
          date: day.date,
          used_data_value: megabytes(day.usedBytes),
          is_final: day.isFinal,
          data_as_of: moment(day.asOf),
        })),
      };
    }),
    route(memberUsageMonth, async (caller, { serial_no, start_month, end_month }) => {
      const [first, last] = [parseMonth(start_month), parseMonth(end_month)];
      invariant(first !== undefined && last !== undefined, "the contract's pattern lets months through only");
      checkRange({
        start: { name: "start_month", given: start_month },
        end: { name: "end_month", given: end_month },
        count: last - first + 1,
        max: monthsMax,
        unit: text("个账期", "billing months"),
      });
      const months = await usage.monthly(caller.accountNo, serial_no, first, last);
      return {
        list: months.map((month) => ({
          billing_month: formatMonth(month.month),
          total_data_value: megabytes(month.allowanceBytes),
          used_data_value: megabytes(month.usedBytes),
          is_final: month.isFinal,
          data_as_of: moment(month.asOf),
          version: month.version,
          closed_data_value: month.closedBytes === null ? null : megabytes(month.closedBytes),
        })),
      };
    }),
  ];
}

function megabytes(bytes: number): string {
  return formatHundredths(toHundredths(bytes));
}

function moment(asOf: Date | null): string | null {
  return asOf === null ? null : formatMoment(asOf);
}

/** A date of the contract's pattern as the number of days since 1970-01-01. */
function readDay(name: string, date: string): number {
  const ms = Date.parse(`${date}T00:00:00Z`);
  // 2026-02-30 is read as 2 March.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(date)) return ms / 86_400_000;
  throw wrongParameter(
    "parameter_malformed",
    text(`参数 ${name} 的日期 ${date} 不存在`, `the parameter ${name} is ${date}, a date that does not exist`),
  );
}

/** Two parameters that bound what is asked for, both included. */
interface AskedRange {
  readonly start: { readonly name: string; readonly given: string };
  readonly end: { readonly name: string; readonly given: string };
  /** What lies between them, and how much of it a call may ask for. */
  readonly count: number;
  readonly max: number;
  readonly unit: Text;
}

function checkRange({ start, end, count, max, unit }: AskedRange): void {
  if (count < 1)
    throw wrongParameter(
      "range_backwards",
      text(
        `参数 ${end.name}（${end.given}）早于 ${start.name}（${start.given}），请调换`,
        `the parameter ${end.name} (${end.given}) is before ${start.name} (${start.given}): exchange them`,
      ),
    );
  if (count > max)
    throw wrongParameter(
      "range_too_long",
      text(
        `${start.name} 到 ${end.name} 共 ${count} ${unit.zh}，一次最多 ${max} ${unit.zh}，请分多次查询`,
        `${start.name} to ${end.name} are ${count} ${unit.en}, and a call may ask for ${max}: ask in several calls`,
      ),
    );
}

function wrongParameter(hint: string, detail: Text): AppError {
  return new AppError("parameterWrong", { hint, detail });
}
