/** Digits, signs and units as a Chinese keyboard may write them, in their plain form and without spaces and separators. */
function plain(typed: string): string {
  return typed.normalize("NFKC").replaceAll(/[\s,，]/g, "");
}

/** An amount of money as people type it, "¥1,234.5" or "1234.5元", as it is sent: "1234.5". What is none stays as it is. */
export function readMoney(typed: string): string {
  const amount = plain(typed)
    .replace(/^[¥￥]/, "")
    .replace(/元$/, "");
  return /^\d+(\.\d+)?$/.test(amount) ? amount : typed.trim();
}

const megabytes: Readonly<Record<string, number>> = { M: 1, G: 1_024, T: 1_048_576 };

/** A size as people type it, "10 GB", "1.5G" or "500", in MB as it is sent: "10240". What is none stays as it is. */
export function readMegabytes(typed: string): string {
  const [, size = "", unit = "M"] = /^(\d{1,12}(?:\.\d{1,4})?)(?:([MGT])i?B?)?$/i.exec(plain(typed)) ?? [];
  const factor = megabytes[unit.toUpperCase()];
  if (size === "" || factor === undefined) return typed.trim();
  if (factor === 1) return size;
  // In ten-thousandths, so that 1.1 G is 1126.4 and not what floating point makes of it.
  const [whole = "", fraction = ""] = size.split(".");
  const tenThousandths = BigInt(whole + fraction.padEnd(4, "0")) * BigInt(factor);
  const text = String(tenThousandths).padStart(5, "0");
  return `${text.slice(0, -4)}.${text.slice(-4)}`.replace(/\.?0+$/, "");
}
