import { Type } from "typebox";
import { described, operation, textParameter } from "../../http/operation.ts";
import { text } from "../../text.ts";
import { cardParameter } from "../cards/cards.contract.ts";

/** How many days and billing months one call may ask for. */
export const daysMax = 92;
export const monthsMax = 24;

const megabytes = text(
  "单位 MB，1 MB = 1,048,576 字节，最多两位小数",
  "in MB of 1,048,576 bytes, at most two decimals",
);

/** Of this century, since a calendar that anyone may ask about any day would grow with what is asked. */
const datePattern = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$";
const dateRule = text("2000 至 2099 年的日期，如 2026-11-01", "a date of the years 2000 to 2099, such as 2026-11-01");
const monthPattern = "^20[0-9]{2}-(0[1-9]|1[0-2])$";
const monthRule = text("2000 至 2099 年的月份，如 2026-11", "a month of the years 2000 to 2099, such as 2026-11");

function asOf(zh: string, en: string, example: string) {
  return Type.Union([Type.String(), Type.Null()], {
    examples: [example],
    ...described({ description: text(zh, en) }),
  });
}

export const memberUsageDaily = operation({
  name: "memberUsageDaily",
  path: "/v1/member/usage/daily",
  write: false,
  summary: text("查询流量卡每日用量", "What a card used on each day"),
  parameters: Type.Object({
    serial_no: cardParameter,
    start_date: textParameter(
      datePattern,
      "2026-11-01",
      text("第一天，按平台时区", "The first day, in the platform's time zone"),
      dateRule,
    ),
    end_date: textParameter(
      datePattern,
      "2026-11-30",
      text(
        `最后一天（含），不早于 start_date，连同首尾最多 ${daysMax} 天`,
        `The last day, included; not before start_date, and ${daysMax} days in all at most`,
      ),
      dateRule,
    ),
  }),
  data: Type.Object({
    list: Type.Array(
      Type.Object({
        date: Type.String({
          examples: ["2026-11-24"],
          ...described({ description: text("日期，按平台时区", "The day, in the platform's time zone") }),
        }),
        used_data_value: Type.String({
          examples: ["1.5"],
          ...described({
            description: text(
              `当日用量，${megabytes.zh}。运营商更正或回退计数时可能为负，如 "-1.5"。同一账期各日用量以字节计时之和等于当月用量，但各自四舍五入，加起来可能相差零点零几 MB`,
              `What was used on the day, ${megabytes.en}; negative, such as "-1.5", where the carrier corrected its figures downwards. In bytes the days of a billing month add up to the month; each is rounded by itself, so that the printed figures may differ by some hundredths`,
            ),
          }),
        }),
        is_final: Type.Boolean({
          examples: [false],
          ...described({
            description: text(
              "当日所属账期是否已关账；关账后迟到的记录作为调整计入，此时用量仍会变化，并使 /v1/member/usage/month 的 version 增加",
              "Whether the day's billing month is closed; what arrives later still counts, as an adjustment, which raises the version that /v1/member/usage/month tells",
            ),
          }),
        }),
        data_as_of: asOf(
          "当日用量的截止时间（ISO 8601，UTC），最晚为当日结束；当日尚无数据时为 null",
          "The moment up to which the day's usage is known, in ISO 8601 and UTC, the day's end at the latest; null while nothing of the day is known",
          "2026-11-24T01:02:03Z",
        ),
      }),
      described({ description: text("每天一行，按日期排列", "A row for each day, in order") }),
    ),
  }),
  refusals: ["cardUnknown"],
});

export const memberUsageMonth = operation({
  name: "memberUsageMonth",
  path: "/v1/member/usage/month",
  write: false,
  summary: text("查询流量卡每月用量", "What a card used in each billing month"),
  parameters: Type.Object({
    serial_no: cardParameter,
    start_month: textParameter(
      monthPattern,
      "2026-10",
      text("第一个账期，以其开始的自然月命名", "The first billing month, named by the calendar month it starts in"),
      monthRule,
    ),
    end_month: textParameter(
      monthPattern,
      "2026-11",
      text(
        `最后一个账期（含），不早于 start_month，连同首尾最多 ${monthsMax} 个`,
        `The last billing month, included; not before start_month, and ${monthsMax} in all at most`,
      ),
      monthRule,
    ),
  }),
  data: Type.Object({
    list: Type.Array(
      Type.Object({
        billing_month: Type.String({
          examples: ["2026-11"],
          ...described({
            description: text(
              "账期，以其开始的自然月命名",
              "The billing month, named by the calendar month in which it starts",
            ),
          }),
        }),
        total_data_value: Type.String({
          examples: ["10"],
          ...described({
            description: text(
              `该账期的流量总量，按目前已知的套餐和用量计算，${megabytes.zh}`,
              `The month's allowance, from the packages and the usage known now, ${megabytes.en}`,
            ),
          }),
        }),
        used_data_value: Type.String({
          examples: ["2.5"],
          ...described({
            description: text(
              `该账期的用量，${megabytes.zh}；更正超过已计用量时可能为负`,
              `What was used in the month, ${megabytes.en}; negative where corrections took back more than was counted`,
            ),
          }),
        }),
        is_final: Type.Boolean({
          examples: [false],
          ...described({
            description: text(
              "账期是否已关账；关账后迟到的记录作为调整计入",
              "Whether the month is closed; what arrives later still counts, as an adjustment",
            ),
          }),
        }),
        data_as_of: asOf(
          "用量数据的截止时间（ISO 8601，UTC）；该账期尚无用量记录时为 null",
          "The moment up to which the usage is known, in ISO 8601 and UTC; null while the month has no usage record",
          "2026-11-24T01:02:03Z",
        ),
        version: Type.Integer({
          minimum: 1,
          examples: [1],
          ...described({
            description: text(
              "用量的版本：1 起，关账后每调整一次加 1",
              "1, and one more for every adjustment after closing",
            ),
          }),
        }),
        closed_data_value: Type.Union([Type.String(), Type.Null()], {
          examples: [null],
          ...described({
            description: text(
              `关账时的用量，${megabytes.zh}；关账后没有调整时为 null`,
              `The month's usage as it was closed, ${megabytes.en}; null unless it was adjusted afterwards`,
            ),
          }),
        }),
      }),
      described({ description: text("每个账期一行，按时间排列", "A row for each billing month, in order") }),
    ),
  }),
  refusals: ["cardUnknown"],
});
