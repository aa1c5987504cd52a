import { Type } from "typebox";
import { described, operation, textParameter } from "../../http/operation.ts";
import { text } from "../../text.ts";
import { identifierPattern } from "./identifier.ts";

/** How many cards one call may name. */
export const namedCardsMax = 500;

const megabytes = text(
  "单位 MB，1 MB = 1,048,576 字节，最多两位小数",
  "in MB of 1,048,576 bytes, at most two decimals",
);

function answer(zh: string, en: string, example: string) {
  return Type.String({ examples: [example], ...described({ description: text(zh, en) }) });
}

/** The parameter that names one card. */
export const cardParameter = textParameter(
  identifierPattern.source,
  "87000001",
  text(
    "卡号；也可以是自定义编号、完整 ICCID 或 ICCID 后 10 位",
    "The card number, or the custom number, the full ICCID, or the last ten digits of the ICCID",
  ),
  text("1 到 32 位数字或字母", "1 to 32 digits or letters"),
);

/** What is told of a card wherever one is told of. */
const member = {
  total_data_value: answer(
    `当月流量总量：本账期内生效套餐之和，跨月套餐只计此前各账期用剩的部分，${megabytes.zh}`,
    `The month's allowance: the sum of the packages in effect, of a cross-month one what earlier months have left of it, ${megabytes.en}`,
    "10",
  ),
  used_data_value: answer(
    `当月已用流量，不低于 0，${megabytes.zh}`,
    `What the card has used this month, never below zero, ${megabytes.en}`,
    "2.5",
  ),
  left_data_value: answer(
    `当月剩余流量，不低于 0，${megabytes.zh}`,
    `What is left of the allowance, never below zero, ${megabytes.en}`,
    "7.5",
  ),
  billing_month: answer(
    "账期，以其开始的自然月命名",
    "The card's billing month, named by the calendar month in which it starts",
    "2026-11",
  ),
  data_as_of: Type.Union([Type.String(), Type.Null()], {
    examples: ["2026-11-24T01:02:03Z"],
    ...described({
      description: text(
        "用量数据的截止时间（ISO 8601，UTC）；尚无用量记录时为 null",
        "The moment up to which the usage is known, in ISO 8601 and UTC; null until a first usage record",
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
};

export const memberInfo = operation({
  name: "memberInfo",
  path: "/v1/member/info",
  write: false,
  summary: text("查询流量卡基本信息", "A card and how much data it has this month"),
  parameters: Type.Object({ serial_no: cardParameter }),
  data: Type.Object(member),
  refusals: ["cardUnknown"],
});

const foundMember = Type.Object({
  errcode: Type.Literal(0, described({ description: text("已查到", "The card was found") })),
  ...member,
});

const refusedMember = Type.Object({
  errcode: Type.Union([Type.Literal(55005), Type.Literal(55030)], {
    examples: [55005],
    ...described({
      description: text(
        "这一张未查到的原因：55005 卡号不存在，55030 卡号格式错误",
        "Why this one was not found: 55005 no such card, 55030 not a card number at all",
      ),
    }),
  }),
  errmsg: answer(
    "错误信息与修改建议，语言同整个应答；文字可能改进，请勿依赖",
    "What is wrong and what to change, in the language of the whole answer; the wording may improve",
    "卡号不存在",
  ),
  serial_no: answer("请求中给出的卡号，原样返回", "What was given for the card, as it was given", "87009999"),
});

export const memberBatchInfo = operation({
  name: "memberBatchInfo",
  path: "/v1/member/batch/info",
  write: false,
  summary: text("批量查询流量卡基本信息", "Several cards and how much data each has this month"),
  parameters: Type.Object({
    serial_nos: textParameter(
      // Any text: which of its parts is no card number is said in that part's row.
      ".",
      "87000001,87000002",
      text(
        `卡号，用英文逗号分隔，最多 ${namedCardsMax} 个，可以重复；每个的写法同 /v1/member/info 的 serial_no。整个请求体仍不超过 16 KiB`,
        `Card numbers separated by commas, at most ${namedCardsMax}, repeated ones allowed, each as the serial_no of /v1/member/info; the whole body still has at most 16 KiB`,
      ),
      text("以英文逗号分隔的卡号", "card numbers separated by commas"),
    ),
  }),
  data: Type.Object({
    list: Type.Array(Type.Union([foundMember, refusedMember]), {
      ...described({
        description: text(
          "每个卡号一行，顺序与请求一致；某一张查不到不影响其他卡，其 errcode 不为 0",
          "A row for each card number, in the order given; one that is not found has an errcode other than 0 and does not affect the others",
        ),
      }),
    }),
  }),
  refusals: [],
});

export const memberList = operation({
  name: "memberList",
  path: "/v1/member/list",
  write: false,
  summary: text("分页查询账户下的流量卡", "The account's cards, page by page"),
  parameters: Type.Object({
    page_size: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 500,
        default: 100,
        examples: [100],
        ...described({
          description: text("每页的卡数，1 到 500，默认 100", "Cards on a page, 1 to 500; 100 if left out"),
          rule: text("1 到 500 的整数", "a whole number from 1 to 500"),
        }),
      }),
    ),
    cursor: Type.Optional(
      textParameter(
        "^[0-9A-Za-z_-]{2,43}$",
        "ODcwMDAwMDE",
        text(
          "上一页返回的 next_cursor；查询第一页时不传",
          "The next_cursor of the page before; left out for the first page",
        ),
        text("上一页返回的 next_cursor，第一页请不要传", "the next_cursor of the page before, or left out"),
      ),
    ),
    sim_status: Type.Optional(
      textParameter(
        "^[0-4]$",
        "1",
        text(
          "只返回该状态的卡：0 停机，1 正常，2 待激活，3 停机中，4 开机中",
          "Only cards with this status: 0 stopped, 1 running, 2 awaiting activation, 3 being stopped, 4 being started",
        ),
        text("0 到 4 的一位数字", "one digit from 0 to 4"),
      ),
    ),
    used_percent_min: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        examples: [80],
        ...described({
          description: text(
            "只返回当月已用流量不低于总量该百分比的卡，0 到 1000；总量为 0 的卡只要有用量即算达到",
            "Only cards that have used at least this percentage of the month's allowance, 0 to 1000; without an allowance any usage counts as that much",
          ),
          rule: text("0 到 1000 的整数", "a whole number from 0 to 1000"),
        }),
      }),
    ),
  }),
  data: Type.Object({
    list: Type.Array(Type.Object(member), {
      ...described({
        description: text(
          "按卡号（字节序）排列的卡。翻页期间新增的卡不会使已有的卡重复或遗漏",
          "Cards by their number, in byte order; cards that are added between pages make none of the others appear twice or not at all",
        ),
      }),
    }),
    next_cursor: Type.Union([Type.String(), Type.Null()], {
      examples: ["ODcwMDAwMDE"],
      ...described({
        description: text(
          "查询下一页时作为 cursor 传入，已是最后一页时为 null。按用量筛选时一次最多检查约 20,000 张卡，因此一页可能不满甚至为空，请以 next_cursor 是否为 null 判断结束",
          "The cursor of the next page, null on the last. A call that asks for a percentage looks at about 20,000 cards at most, so that a page may be short or empty before the last: only null is the end",
        ),
      }),
    }),
  }),
  refusals: [],
});
