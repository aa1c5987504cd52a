import { randomInt } from "node:crypto";
import { type Text, text } from "../../text.ts";

export const passwordLengthMin = 12;
/** What better-auth takes at most. */
export const passwordLengthMax = 128;

/** What is wrong with a password that someone wants to have; undefined if it may be used. */
export function passwordProblem(password: string, email: string): Text | undefined {
  if ([...password].length < passwordLengthMin)
    return text(
      `密码至少要有 ${passwordLengthMin} 个字符`,
      `a password needs at least ${passwordLengthMin} characters`,
    );
  if (password.length > passwordLengthMax)
    return text(
      `密码不能超过 ${passwordLengthMax} 个字符`,
      `a password may have at most ${passwordLengthMax} characters`,
    );
  const localPart = email.slice(0, email.indexOf("@")).toLowerCase();
  // One or two letters are in many a good password.
  if (localPart.length >= 3 && password.toLowerCase().includes(localPart))
    return text(
      `密码不能包含邮箱名“${localPart}”`,
      `the password must not contain "${localPart}", the name in your e-mail address`,
    );
  if (isCommon(password))
    return text(
      "这个密码太常见，很容易被猜到，请换一个",
      "this password is among those that are tried first; choose another",
    );
  return undefined;
}

/**
 * What remains of the passwords that are used most, in the lists that leaks have made public, without the digits and signs
 * that are put around and between to make them long enough.
 */
const commonWords = new Set(
  `admin administrator root user guest test tester default changeme password passwd passwort pass passw secret letmein
  welcome hello login access master manager operator viewer super superuser superman batman dragon monkey shadow sunshine
  princess football baseball michael jordan charlie qazwsx qazwsxedc qwe qweasd qweasdzxc asd zxc wasd qwerasdf
  qwertyasdfgh abc abcd iloveyou iloveu love woaini woaini woshishui mima wodemima zhanghao nihao huawei xiaomi wechat
  weixin alipay taobao tencent alibaba company server system console platform dakashi dakashiiot iot simcard liuliang
  liuliangka passwordadmin adminpassword adminadmin`.split(/\s+/),
);

const rows = ["abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "zyxwvutsrqponmlkjihgfedcba"];

function isCommon(password: string): boolean {
  const lower = password.toLowerCase();
  const core = lower.replaceAll(/^[^\p{L}]+|[^\p{L}]+$/gu, "");
  return [lower, lookAlikesReplaced(core)].some((form) => {
    const word = repeatedPart(form.replaceAll(/[^\p{L}]/gu, ""));
    // Nothing but digits and signs, or hardly more: a date, a telephone number, 111aaa111aaa.
    return word.length <= 3 || commonWords.has(word) || rows.some((row) => row.includes(word));
  });
}

const lookAlikes: Readonly<Record<string, string>> = {
  "@": "a",
  "4": "a",
  "3": "e",
  "1": "i",
  "!": "i",
  "0": "o",
  $: "s",
  "5": "s",
};

function lookAlikesReplaced(word: string): string {
  return word.replaceAll(/[@431!0$5]/g, (sign) => lookAlikes[sign] ?? sign);
}

/** "abc" of "abcabcabc"; a word that repeats nothing as it is. */
function repeatedPart(word: string): string {
  const period = `${word}${word}`.indexOf(word, 1);
  return word.slice(0, period);
}

/** Letters and digits that nobody takes for others, whether read from a screen or told on the telephone. */
const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";

/** A password to begin with, 79 random bits, in groups: "k7mq-3xwd-pz9a-t4hc". */
export function newPassword(): string {
  const group = () => Array.from({ length: 4 }, () => alphabet[randomInt(alphabet.length)]).join("");
  return [group(), group(), group(), group()].join("-");
}
