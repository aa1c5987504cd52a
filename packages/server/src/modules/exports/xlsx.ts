import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { CsvCell } from "./csv.ts";

/** As many as a sheet can have, the first line with the columns' names included. */
const sheetRowsMaxDefault = 1_048_576;

/** The longest text that Excel takes in a cell. */
const cellCharactersMax = 32_767;

/** A part of a sheet, which is held in memory as a whole. */
const partCharacters = 65_536;

export interface Sheets {
  /** At most 28 characters, and none of []:*?/\ */
  readonly name: string;
  readonly header: readonly string[];
  /** For tests, which cannot wait for a million rows. */
  readonly sheetRowsMax?: number;
}

/**
 * Rows as an Excel workbook, made as it is read, in constant memory. Texts are cells of text, in which Excel neither
 * rounds twenty digits nor calculates what begins with "=", now or when somebody edits the cell; numbers are numbers.
 * What is more than a sheet can have goes on in the next.
 */
export function xlsxStream(sheets: Sheets, rows: AsyncIterable<readonly CsvCell[]>): Readable {
  const zip = new ZipFile();
  // yazl makes it a PassThrough; its declaration says less.
  const output = zip.outputStream as Readable;
  const source = rows[Symbol.asyncIterator]();
  let sheet: Readable | undefined;

  async function fill(): Promise<void> {
    const names: string[] = [];
    for (let next = await source.next(); names.length === 0 || next.done !== true;) {
      names.push(names.length === 0 ? sheets.name : `${sheets.name} ${names.length + 1}`);
      sheet = Readable.from(
        sheetXml(sheets, next, source, (after) => (next = after)),
        { objectMode: false },
      );
      const read = ended(sheet);
      zip.addReadStream(sheet, `xl/worksheets/sheet${names.length}.xml`);
      await read;
      if (output.destroyed) return;
    }
    for (const [path, content] of frame(names)) zip.addBuffer(Buffer.from(content), path);
    zip.end();
  }

  output.once("close", () => {
    sheet?.destroy();
    // Whoever took the workbook is gone, and has been told if it was for an error.
    source.return?.().catch(() => {});
  });
  fill().catch((error: unknown) => output.destroy(error instanceof Error ? error : new Error(String(error))));
  return output;
}

function ended(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("end", resolve);
    stream.once("error", reject);
    // If the reader of the workbook has gone, nobody waits for this any more.
    stream.once("close", resolve);
  });
}

type Next = IteratorResult<readonly CsvCell[], unknown>;

/** One sheet, from the row `first` on; tells which row is the first that had no place in it. */
async function* sheetXml(
  { header, sheetRowsMax = sheetRowsMaxDefault }: Sheets,
  first: Next,
  source: AsyncIterator<readonly CsvCell[]>,
  onRest: (next: Next) => void,
): AsyncGenerator<Buffer> {
  const letters = header.map((_, index) => columnLetters(index));
  let xml = `${declaration}<worksheet xmlns="${namespace}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols><col min="1" max="${header.length}" width="22" customWidth="1"/></cols><sheetData>${rowXml(1, header, letters, headerStyle)}`;
  let next = first;
  for (let row = 2; next.done !== true && row <= sheetRowsMax; row++) {
    xml += rowXml(row, next.value, letters, textStyle);
    if (xml.length > partCharacters) {
      yield Buffer.from(xml);
      xml = "";
    }
    next = await source.next();
  }
  onRest(next);
  // Without it every card number would have a mark that says it is a number stored as text.
  const ignored = `<ignoredErrors><ignoredError sqref="A1:${letters.at(-1)}${sheetRowsMaxDefault}" numberStoredAsText="1"/></ignoredErrors>`;
  yield Buffer.from(`${xml}</sheetData>${ignored}</worksheet>`);
}

function rowXml(row: number, cells: readonly CsvCell[], letters: readonly string[], style: number): string {
  let xml = `<row r="${row}">`;
  for (const [index, cell] of cells.entries()) {
    if (cell === null || cell === "") continue;
    const place = `${letters[index]}${row}`;
    xml +=
      typeof cell === "number"
        ? `<c r="${place}"><v>${cell}</v></c>`
        : `<c r="${place}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${cellText(cell)}</t></is></c>`;
  }
  return `${xml}</row>`;
}

/** A, B, … Z, AA, … */
function columnLetters(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : columnLetters(Math.floor(index / 26) - 1) + letter;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * A text as it stands in a cell. What XML has no place for is written as the format has it, `_x0007_`, and so is an
 * underscore where the text itself looks like that.
 */
function cellText(value: string): string {
  const text = value.length > cellCharactersMax ? value.slice(0, cellCharactersMax) : value;
  return (
    text
      .toWellFormed()
      .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
      // oxlint-disable-next-line no-control-regex -- it is these that must not be in XML
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (character) => {
        const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
        return `_x${code}_`;
      })
      .replaceAll(/[&<>]/g, (character) => entities[character] ?? character)
  );
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const relationships = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageNamespace = "http://schemas.openxmlformats.org/package/2006";
const contentType = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** Places in `cellXfs` of the styles. */
const textStyle = 1;
const headerStyle = 2;

/** Number format 49 is text. */
const styles = `${declaration}<styleSheet xmlns="${namespace}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="49" fontId="1" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

/** What there is in a workbook beside its sheets, which it comes after, since how many they are is known only then. */
function frame(names: readonly string[]): [path: string, content: string][] {
  const numbers = names.map((_, index) => index + 1);
  return [
    [
      "[Content_Types].xml",
      `${declaration}<Types xmlns="${packageNamespace}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${contentType}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${contentType}.styles+xml"/>${numbers.map((number) => `<Override PartName="/xl/worksheets/sheet${number}.xml" ContentType="${contentType}.worksheet+xml"/>`).join("")}</Types>`,
    ],
    [
      "_rels/.rels",
      `${declaration}<Relationships xmlns="${packageNamespace}/relationships"><Relationship Id="rId1" Type="${relationships}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    ],
    [
      "xl/workbook.xml",
      `${declaration}<workbook xmlns="${namespace}" xmlns:r="${relationships}"><sheets>${names.map((name, index) => `<sheet name="${cellText(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`).join("")}</sheets></workbook>`,
    ],
    [
      "xl/_rels/workbook.xml.rels",
      `${declaration}<Relationships xmlns="${packageNamespace}/relationships">${numbers.map((number) => `<Relationship Id="rId${number}" Type="${relationships}/worksheet" Target="worksheets/sheet${number}.xml"/>`).join("")}<Relationship Id="rId${numbers.length + 1}" Type="${relationships}/styles" Target="styles.xml"/></Relationships>`,
    ],
    ["xl/styles.xml", styles],
  ];
}
