import { formatMoment } from "../../clock.ts";
import { AppError, refusals } from "../../errors.ts";
import { type Route, route } from "../../http/operation.ts";
import { type Language, text } from "../../text.ts";
import { formatMonth } from "../packages/billing-month.ts";
import { printAllowance } from "../packages/megabytes.ts";
import { memberBatchInfo, memberInfo, memberList, namedCardsMax } from "./cards.contract.ts";
import type { CardService, CardWithFigures } from "./cards.service.ts";
import { iccidSuffix, identifierPattern } from "./identifier.ts";

export function cardRoutes(cards: CardService): Route[] {
  return [
    route(memberInfo, async (caller, { serial_no }) => {
      const card = await cards.find(caller.accountNo, serial_no);
      return memberOf({ card, figures: await cards.figures(card) });
    }),
    route(memberBatchInfo, async (caller, { serial_nos }, languageOf) => {
      const identifiers = serial_nos.split(",");
      if (identifiers.length > namedCardsMax) throw tooManyCards(identifiers.length);
      const found = await cards.findEach(caller.accountNo, identifiers);
      return {
        list: found.map((each, index) =>
          each instanceof AppError
            ? refusedMemberOf(each, identifiers[index] ?? "", languageOf())
            : { errcode: 0 as const, ...memberOf(each) },
        ),
      };
    }),
    route(memberList, async (caller, { page_size, cursor, sim_status, used_percent_min }) => {
      const { cards: page, next } = await cards.list({
        accountNo: caller.accountNo,
        after: cursor === undefined ? "" : readCursor(cursor),
        cardsMax: page_size ?? 100,
        simStatus: sim_status === undefined ? null : Number(sim_status),
        usedPercentMin: used_percent_min ?? null,
      });
      return {
        list: page.map(memberOf),
        next_cursor: next === null ? null : Buffer.from(next).toString("base64url"),
      };
    }),
  ];
}

/** A card as every operation prints it. */
function memberOf({ card, figures }: CardWithFigures) {
  return {
    ...printAllowance(figures.allowanceBytes, figures.usedBytes),
    billing_month: formatMonth(card.month),
    data_as_of: figures.asOf === null ? null : formatMoment(figures.asOf),
    serial_no: card.serialNo,
    custom_no: card.customNo ?? "",
    iccid_suffix: iccidSuffix(card.iccid),
    sim_status: String(card.simStatus),
    gprs_status: String(card.gprsStatus),
  };
}

/** In place of a card that was not found. The service refuses a single card for these two reasons only. */
function refusedMemberOf(error: AppError, given: string, language: Language) {
  const errcode = error.refusal === "parameterWrong" ? refusals.parameterWrong.errcode : refusals.cardUnknown.errcode;
  return { errcode, errmsg: error.messageIn(language), serial_no: given };
}

/** The serial_no that a cursor stands for. Only those that were given out are taken, so that none means two things. */
function readCursor(cursor: string): string {
  const serialNo = Buffer.from(cursor, "base64url").toString("latin1");
  if (identifierPattern.test(serialNo) && Buffer.from(serialNo).toString("base64url") === cursor) return serialNo;
  throw new AppError("parameterWrong", {
    hint: "parameter_malformed",
    detail: text(
      "参数 cursor 不是本平台返回的 next_cursor，请原样传回，查询第一页时不要传",
      "the parameter cursor is no next_cursor of this platform; send it back as it came, and leave it out for the first page",
    ),
  });
}

function tooManyCards(count: number): AppError {
  return new AppError("parameterWrong", {
    hint: "too_many_cards",
    detail: text(
      `参数 serial_nos 最多 ${namedCardsMax} 个卡号，收到 ${count} 个，请分多次查询`,
      `the parameter serial_nos may hold ${namedCardsMax} card numbers and holds ${count}: ask in several calls`,
    ),
  });
}
