import { type Text, text } from "../../text.ts";
import type { ImportKind } from "./job.ts";

const serialNo = text("卡号", "The card's number");
const productNo = text("套餐编号", "The product's number");
const carrier = text("运营商", "Carrier");

/** What each column of an import is, for whoever fills it in. That none is missing or too many, a test holds. */
export const columnMeanings: Readonly<Record<ImportKind, Readonly<Record<string, Text>>>> = {
  card_import: {
    serial_no: serialNo,
    iccid: text("ICCID", "ICCID"),
    msisdn: text("MSISDN（物联网号码）", "MSISDN, the number it is called by"),
    imsi: text("IMSI", "IMSI"),
    carrier,
    account_no: text("所属账户；新卡不填则为库存卡", "The account it belongs to; a new card without one is in stock"),
    custom_no: text("自定义编号，账户内唯一，须有账户", "Custom number, unique in the account; wants one"),
    sim_status: text(
      "卡状态：0 停机，1 正常（新卡默认），2 待激活，3 停机中，4 开机中",
      "0 stopped, 1 running (a new card's default), 2 awaiting activation, 3 being stopped, 4 being started",
    ),
    cycle_day: text(
      "账期起始日；新卡不填则为 1，联通（cucc）为 27",
      "The day its billing month begins; a new card's default is 1, with carrier cucc 27",
    ),
  },
  product_import: {
    product_no: productNo,
    name: text("名称", "Name"),
    carrier,
    origin_price: text(
      "原价（元）；新套餐不填则同售价",
      "Price before discounts; a new product's is its fee unless given",
    ),
    fee: text("售价（元）", "What it costs"),
    data_value: text("流量（MB，1 G = 1024）", "Its size in MB, 1 G = 1024"),
    month: text("有效期（月数）", "How many months it runs"),
    level: text("级别：1 基础，2 加油，3 跨月，4 附加", "1 base, 2 add-on, 3 cross-month, 4 extra"),
    eft_type: text(
      "范围：0 全国（新套餐默认），1 省内",
      "0 nationwide (a new product's default), 1 within the province",
    ),
  },
  package_import: {
    serial_no: serialNo,
    product_no: productNo,
    first_month: text("首个账期", "First billing month"),
  },
};
