import iconv from "iconv-lite";
import { expect, test } from "vitest";
import { type CsvSource, openSource } from "./csv-source.ts";
import { detectEncoding, readAsUtf8 } from "./encoding.ts";

async function read(source: CsvSource): Promise<{ encoding: string; content: string }> {
  const open = await openSource(source);
  const encoding = await detectEncoding(open);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readAsUtf8(open, encoding)) chunks.push(chunk);
  return { encoding, content: Buffer.concat(chunks).toString("utf8") };
}

const chinese = "product_no,name\np1,演示套餐 10M 㐀𠀀€\n";

test.each([
  ["utf-8", Buffer.from(chinese)],
  ["utf-8", iconv.encode(chinese, "utf8", { addBOM: true })],
  ["gb18030", iconv.encode(chinese, "gb18030")],
  ["utf-16le", iconv.encode(chinese, "utf-16le", { addBOM: true })],
  ["utf-16be", iconv.encode(chinese, "utf-16be", { addBOM: true })],
  ["utf-8", Buffer.from("a,b\n1,2\n")],
])("%s is recognised", async (encoding, bytes) => {
  const found = await read(bytes);
  expect(found.encoding).toBe(encoding);
  expect(found.content.replace("\u{feff}", "")).toBe(bytes.length < 10 ? "a,b\n1,2\n" : chinese);
});

test.each(["utf8", "gb18030"])("%s that begins after a megabyte of ASCII is not mangled", async (encoding) => {
  const ascii = `product_no,name\n${"p1,ten megabytes a month\n".repeat(60_000)}`;
  // Odd lengths move the characters over every boundary between chunks.
  const content = ascii + "p2,流量套餐\n".repeat(100_000);
  const found = await read(iconv.encode(content, encoding));
  expect(found.content === content).toBe(true);
});

test("a file that is neither UTF-8 nor GB18030 is refused with the line of each", async () => {
  const bytes = Buffer.concat([Buffer.from("a,b\n1,演示\n2,"), Buffer.from([0xff, 0xff]), Buffer.from("\n")]);
  await expect(read(bytes)).rejects.toThrow(/neither UTF-8 \(invalid on line 3\) nor GB18030 \(invalid on line [23]\)/);
});

test("a file with a UTF-8 mark and invalid UTF-8 is refused with the line", async () => {
  const bytes = Buffer.concat([Buffer.from("\u{feff}a,b\n1,2\n"), iconv.encode("3,演示\n", "gb18030")]);
  await expect(read(bytes)).rejects.toThrow("not valid UTF-8 on line 3");
});

test("two bytes that are a Chinese character in one encoding and another letter in the other are not guessed at", async () => {
  await expect(read(iconv.encode("a,b\n1,通\n", "gb18030"))).rejects.toThrow('Save it as "CSV UTF-8');
});

test.each([
  ["an Excel workbook", Buffer.from("504b030414000600", "hex"), "is an Excel workbook"],
  ["an old Excel workbook", Buffer.from("d0cf11e0a1b11ae1", "hex"), "is an Excel workbook"],
  ["an empty file", Buffer.alloc(0), "is empty"],
  ["UTF-16 without a mark", Buffer.from("a,b\n", "utf16le"), "UTF-16 without a byte order mark"],
  ["a megabyte without a line break", Buffer.alloc(2_000_000, "a"), "no line break within a megabyte"],
])("%s is refused", async (_what, bytes, reason) => {
  await expect(read(bytes)).rejects.toThrow(reason);
});
