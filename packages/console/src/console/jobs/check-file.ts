import type { Translate } from "../../shared/language.tsx";
import type { Format } from "../parts/format.ts";

/** How .xlsx and .xls begin. */
const workbookStarts = new Set(["504b0304", "d0cf11e0"]);

/** What is certainly wrong with a file, before any of it is sent; the server looks again. */
export async function fileProblem(
  file: File,
  bytesMax: number,
  t: Translate,
  format: Format,
): Promise<string | undefined> {
  if (file.size === 0) return t(`${file.name} 是空文件。`, `${file.name} is empty.`);
  if (file.size > bytesMax)
    return t(
      `${file.name} 有 ${format.bytes(file.size)}，超过上限 ${format.bytes(bytesMax)}。请拆分成几个文件后分别导入，或由管理员用命令行导入。`,
      `${file.name} has ${format.bytes(file.size)}, more than the limit of ${format.bytes(bytesMax)}. Split it and import the parts, or have it imported at the command line.`,
    );
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const hex = [...start].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  if (workbookStarts.has(hex))
    return t(
      `${file.name} 是 Excel 工作簿，不是 CSV。请在 Excel 中选择“另存为”，类型选“CSV UTF-8（逗号分隔）”，再上传。`,
      `${file.name} is an Excel workbook, not a CSV. In Excel choose Save As, type “CSV UTF-8 (comma delimited)”, and upload that.`,
    );
  return undefined;
}
