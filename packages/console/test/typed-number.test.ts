import { describe, expect, it } from "vitest";
import { readMegabytes, readMoney } from "../src/console/parts/typed-number.ts";

describe("an amount of money", () => {
  it.each([
    ["100", "100"],
    ["1,234.50", "1234.50"],
    ["１，２３４．５", "1234.5"],
    [" ¥ 1 000 ", "1000"],
    ["￥99", "99"],
    ["20元", "20"],
    // Left for the server to refuse, as it was typed.
    ["-5", "-5"],
    ["1.2.3", "1.2.3"],
    ["二十", "二十"],
    ["", ""],
  ])("typed as %j is sent as %j", (typed, sent) => {
    expect(readMoney(typed)).toBe(sent);
  });
});

describe("a size", () => {
  it.each([
    ["500", "500"],
    ["500 MB", "500"],
    ["1536.5m", "1536.5"],
    ["10 GB", "10240"],
    ["1g", "1024"],
    ["1.5 GiB", "1536"],
    ["1.1G", "1126.4"],
    ["0.0001G", "0.1024"],
    ["2T", "2097152"],
    ["１０Ｇ", "10240"],
    ["1,024 MB", "1024"],
    ["10 KB", "10 KB"],
    ["十G", "十G"],
    ["", ""],
  ])("typed as %j is sent as %j", (typed, sent) => {
    expect(readMegabytes(typed)).toBe(sent);
  });
});
