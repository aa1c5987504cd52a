import { Type } from "typebox";
import { described, operation, textParameter } from "../../http/operation.ts";
import { text } from "../../text.ts";

const megabytes = text(
  "单位 MB，1 MB = 1,048,576 字节，最多两位小数",
  "in MB of 1,048,576 bytes, at most two decimals",
);

function answer(zh: string, en: string, example: string) {
  return Type.String({ examples: [example], ...described({ description: text(zh, en) }) });
}

export const memberInfo = operation({
  name: "memberInfo",
  path: "/v1/member/info",
  write: false,
  summary: text("查询流量卡基本信息", "A card and how much data it has this month"),
  parameters: Type.Object({
    serial_no: textParameter(
      "^[0-9A-Za-z]{1,32}$",
      "87000001",
      text(
        "卡号；也可以是自定义编号、完整 ICCID 或 ICCID 后 10 位",
        "The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID",
      ),
      text("1 到 32 位数字或字母", "1 to 32 digits or letters"),
    ),
  }),
  data: Type.Object({
    total_data_value: answer(
      `当月流量总量：本账期内生效套餐之和，${megabytes.zh}`,
      `The month's allowance: the sum of the packages in effect, ${megabytes.en}`,
      "10",
    ),
    used_data_value: answer(`当月已用流量，${megabytes.zh}`, `What the card has used of it, ${megabytes.en}`, "0"),
    left_data_value: answer(
      `当月剩余流量，不低于 0，${megabytes.zh}`,
      `What is left of it, never below zero, ${megabytes.en}`,
      "10",
    ),
    billing_month: answer(
      "账期，以其开始的自然月命名",
      "The card's billing month, named by the calendar month in which it starts",
      "2026-11",
    ),
    data_as_of: Type.Union([Type.String(), Type.Null()], {
      examples: [null],
      ...described({
        description: text(
          "用量数据的截止时间（ISO 8601）；尚无用量记录时为 null",
          "The moment up to which the usage is known, in ISO 8601; null until a first usage record",
        ),
      }),
    }),
    serial_no: answer("卡号", "The card number", "87000001"),
    custom_no: answer("自定义编号，没有则为空", "The custom number, or empty", ""),
    iccid_suffix: answer("ICCID 后 10 位，没有则为空", "The last ten digits of the ICCID, or empty", "0087000001"),
    sim_status: answer(
      "卡状态：0 停机，1 正常，2 待激活，3 停机中，4 开机中",
      "0 stopped, 1 running, 2 awaiting activation, 3 being stopped, 4 being started",
      "1",
    ),
    gprs_status: answer(
      "上网功能：0 关，1 开，3 关闭中，4 开启中",
      "0 off, 1 on, 3 being switched off, 4 being switched on",
      "1",
    ),
  }),
  refusals: ["cardUnknown"],
});
