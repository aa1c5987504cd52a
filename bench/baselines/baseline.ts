import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import type { Inventory } from "../inventory.ts";

/** The inventory, from the file that the first argument names. */
export function readInventory(): Inventory {
  // Written by the benchmark a moment ago.
  return JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Inventory;
}

/** Says where the server listens, in the words that the platform uses. */
export function ready(address: AddressInfo | string | null): void {
  if (typeof address !== "object" || address === null) throw new Error("not listening on TCP");
  process.stderr.write(`Ready at http://127.0.0.1:${address.port}\n`);
}

const shanghai = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit" });
let current = { number: 0, text: "" };
let currentUntil = 0;

/** The calendar month in China, looked up anew every minute. */
export function currentMonth(): { number: number; text: string } {
  const now = Date.now();
  if (now >= currentUntil) {
    const text = shanghai.format(now);
    const [year, month] = text.split("-").map(Number);
    current = { number: (year ?? 0) * 12 + (month ?? 0) - 1, text };
    currentUntil = (Math.floor(now / 60_000) + 1) * 60_000;
  }
  return current;
}
