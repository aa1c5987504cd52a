import { InvalidArgumentError } from "commander";
import { type BillingMonth, parseMonth } from "../modules/packages/billing-month.ts";

/** A commander argument parser for billing months: "2026-12". */
export function billingMonth(zh: boolean) {
  return (value: string): BillingMonth => {
    const month = /^\d{4}-\d{2}$/.test(value) ? parseMonth(value) : undefined;
    if (month === undefined)
      throw new InvalidArgumentError(zh ? "应为账期，例如 2026-12" : "must be a billing month, such as 2026-12");
    return month;
  };
}
