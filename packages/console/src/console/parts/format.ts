import { useMemo } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useSession } from "../session.tsx";

/** How times and sizes are written in the page's language and the platform's time zone. */
export interface Format {
  /** A moment, to the second; an em dash for none. */
  time(iso: string | null | undefined): string;
  /** The same to the minute, without the year if it is this one. */
  shortTime(iso: string | null | undefined): string;
  /** A whole number with separators. */
  count(value: number): string;
  /** A decimal with two places, with separators. */
  money(value: string): string;
  /** Bytes in the largest fitting unit of 1,024: "1.5 GB". */
  bytes(value: number): string;
}

export function useFormat(): Format {
  const { language } = useLanguage();
  const { time_zone: timeZone } = useSession();
  return useMemo(() => createFormat(language === "zh" ? "zh-CN" : "en-GB", timeZone), [language, timeZone]);
}

const units = ["B", "KB", "MB", "GB", "TB", "PB"];

function createFormat(locale: string, timeZone: string): Format {
  const full = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
  const numbers = new Intl.NumberFormat(locale);
  const sizes = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  const thisYear = full.format(new Date()).slice(0, 4);
  function time(iso: string | null | undefined): string {
    return iso === null || iso === undefined ? "—" : full.format(new Date(iso));
  }
  return {
    time,
    shortTime(iso) {
      const text = time(iso);
      return text.startsWith(thisYear) ? text.slice(5, 16) : text.slice(0, 16);
    },
    count: (value) => numbers.format(value),
    // In text: as a number the largest amounts would lose their cents.
    money: (value) => value.replace(/\B(?=(\d{3})+\.)/g, ","),
    bytes(value) {
      let unit = 0;
      let size = value;
      while (Math.abs(size) >= 1024 && unit < units.length - 1) {
        size /= 1024;
        unit++;
      }
      return `${sizes.format(size)} ${units[unit]}`;
    },
  };
}
