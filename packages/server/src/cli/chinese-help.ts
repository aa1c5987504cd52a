import type { OutputConfiguration } from "commander";

/** What commander itself says, in the order in which it is looked for. Commander has no translations of its own. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/^Usage: /gm, "用法："],
  [/^Options:/gm, "选项："],
  [/^Commands:/gm, "命令："],
  [/^Arguments:/gm, "参数："],
  // In a list, three columns narrower than the English it was aligned with.
  [/^( {2}\S.*?)\[options\](.*?)(?= {2})/gm, "$1[选项]$2   "],
  [/^( {2}\S.*?)\[command\](.*?)(?= {2})/gm, "$1[命令]$2   "],
  [/\[options\]/g, "[选项]"],
  [/\[command\]/g, "[命令]"],
  [/display help for command/g, "显示帮助"],
  [/ ?\(default: ([^)]*)\)/g, "（默认：$1）"],
  [/^error: required option ('[^']*') not specified/gm, "错误：缺少必需的选项 $1"],
  [/^error: missing required argument ('[^']*')/gm, "错误：缺少必需的参数 $1"],
  [/^error: unknown option ('[^']*')/gm, "错误：没有选项 $1"],
  [/^error: unknown command ('[^']*')/gm, "错误：没有命令 $1"],
  [/^error: option ('[^']*') argument missing/gm, "错误：选项 $1 缺少值"],
  [/^error: option ('[^']*') argument ('[^']*') is invalid\. /gm, "错误：选项 $1 的值 $2 无效，"],
  [/^error: command-argument value ('[^']*') is invalid for argument ('[^']*')\. /gm, "错误：参数 $2 的值 $1 无效，"],
  [
    /^error: too many arguments.*Expected (\d+) arguments? but got (\d+)\./gm,
    "错误：参数过多，应为 $1 个，收到 $2 个。",
  ],
  [/\(Did you mean (.*)\?\)/g, "（您是要用 $1 吗？）"],
  [/^error: /gm, "错误："],
];

/** Prints commander's help and errors in Chinese. */
export function chineseOutput(): OutputConfiguration {
  return {
    writeOut: (help) => process.stdout.write(inChinese(help)),
    writeErr: (message) => process.stderr.write(inChinese(message)),
  };
}

function inChinese(words: string): string {
  return phrases.reduce((said, [english, chinese]) => said.replace(english, chinese), words);
}
