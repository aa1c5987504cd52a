import { type Route, route } from "../../http/operation.ts";
import { allowanceBytes } from "../packages/allowance.ts";
import { type CurrentMonth, formatMonth } from "../packages/billing-month.ts";
import { formatHundredths, toHundredths } from "../packages/megabytes.ts";
import { memberInfo } from "./cards.contract.ts";
import type { CardService } from "./cards.service.ts";
import { iccidSuffix } from "./identifier.ts";

export function cardRoutes(cards: CardService, currentMonth: CurrentMonth): Route[] {
  return [
    route(memberInfo, async (caller, { serial_no }) => {
      const card = await cards.find(caller.accountNo, serial_no);
      const month = currentMonth(card.cycleDay);
      // No usage is metered yet, and data_as_of says so.
      const usedBytes = 0;
      const total = toHundredths(allowanceBytes(card.packages, () => usedBytes, month));
      const used = toHundredths(usedBytes);
      return {
        total_data_value: formatHundredths(total),
        used_data_value: formatHundredths(used),
        left_data_value: formatHundredths(Math.max(0, total - used)),
        billing_month: formatMonth(month),
        data_as_of: null,
        serial_no: card.serialNo,
        custom_no: card.customNo ?? "",
        iccid_suffix: iccidSuffix(card.iccid),
        sim_status: String(card.simStatus),
        gprs_status: String(card.gprsStatus),
      };
    }),
  ];
}
