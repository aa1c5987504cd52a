import { crc32, inflateRawSync } from "node:zlib";

/** A workbook as a spreadsheet reads it: its sheets in order, each with the values of its cells. */
export interface Workbook {
  readonly sheets: readonly { readonly name: string; readonly rows: readonly Readonly<Record<string, Cell>>[] }[];
}

/** By its column's letters. Numbers are numbers, texts texts; formulas there are none. */
type Cell = string | number;

/** Reads an .xlsx of inline texts and numbers. Throws where the archive or its XML is not well-formed. */
export function readWorkbook(bytes: Buffer): Workbook {
  const parts = unzip(bytes);
  const read = (path: string): Element => {
    const content = parts.get(path);
    if (content === undefined) throw new Error(`the workbook lacks ${path}`);
    return parseXml(content.toString("utf8"));
  };
  for (const path of ["[Content_Types].xml", "_rels/.rels", "xl/styles.xml"]) read(path);
  const targets = new Map(
    elements(read("xl/_rels/workbook.xml.rels"), "Relationship").map(({ attributes }) => [
      attributes["Id"],
      attributes["Target"],
    ]),
  );
  return {
    sheets: elements(read("xl/workbook.xml"), "sheet").map(({ attributes }) => ({
      name: attributes["name"] ?? "",
      rows: elements(read(`xl/${targets.get(attributes["r:id"])}`), "row").map((row) =>
        Object.fromEntries(elements(row, "c").map((cell) => [columnOf(cell), valueOf(cell)])),
      ),
    })),
  };
}

function columnOf({ attributes }: Element): string {
  return (attributes["r"] ?? "").replace(/[0-9]+$/, "");
}

function valueOf(cell: Element): Cell {
  if (elements(cell, "f").length > 0) throw new Error("a cell is a formula");
  if (cell.attributes["t"] !== "inlineStr") return Number(elements(cell, "v")[0]?.text);
  const text = elements(cell, "t")[0]?.text ?? "";
  // As the format has characters for which XML has no place.
  return text.replaceAll(/_x([0-9A-F]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

/** The files of a zip archive by their paths, read by its central directory. */
function unzip(bytes: Buffer): Map<string, Buffer> {
  const end = bytes.lastIndexOf(Buffer.from("504b0506", "hex"));
  if (end < 0) throw new Error("no zip archive");
  const files = new Map<string, Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let entry = 0; entry < bytes.readUInt16LE(end + 10); entry++) {
    const nameLength = bytes.readUInt16LE(at + 28);
    const path = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    const header = bytes.readUInt32LE(at + 42);
    const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28);
    const content = inflateRawSync(bytes.subarray(start, start + bytes.readUInt32LE(at + 20)));
    if (crc32(content) !== bytes.readUInt32LE(at + 16)) throw new Error(`${path} is damaged`);
    files.set(path, content);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return files;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** All elements of a name within another one, in order. */
function elements(within: Element, name: string): Element[] {
  return within.children.flatMap((child) => [...(child.name === name ? [child] : []), ...elements(child, name)]);
}

/** Parses XML without comments, sections and processing instructions, and is strict about all else. */
function parseXml(xml: string): Element {
  const root: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [root];
  // oxlint-disable-next-line no-control-regex -- XML has no place for these, not even escaped
  const wrong = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.exec(xml);
  if (wrong !== null || !xml.isWellFormed()) throw new Error("a character that XML does not allow");
  const tokens = xml
    .replace(/^<\?xml version="1.0" encoding="UTF-8" standalone="yes"\?>\n/, "")
    .matchAll(/<(\/?)([A-Za-z]+)((?: [A-Za-z:]+="[^"<]*")*)(\/?)>|([^<]+)|(.)/gs);
  for (const [token, closing, name = "", attributes = "", empty, text, rest] of tokens) {
    const current = open.at(-1);
    if (current === undefined || rest !== undefined) throw new Error(`malformed at ${token}`);
    if (text !== undefined) current.text += unescapeXml(text);
    else if (closing === "/") {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`);
    } else {
      const element = { name, attributes: attributesOf(attributes), children: [], text: "" };
      current.children.push(element);
      if (empty !== "/") open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw new Error("an element is not closed");
  return root;
}

function attributesOf(list: string): Record<string, string> {
  return Object.fromEntries(
    [...list.matchAll(/ ([A-Za-z:]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, unescapeXml(value)]),
  );
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&([^;]*;)?/g, (_, name: string | undefined) => {
    const character = entities[name?.slice(0, -1) ?? ""];
    if (character === undefined) throw new Error(`&${name ?? ""} is no entity of ours`);
    return character;
  });
}
