import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Splitter, recordBytesMax, splitJson, splitLines } from "./split.ts";

/** A piece as text: the record, or what is wrong with it and how it began. */
type Found = string | readonly [problem: string, beginning: string];

function piecesOf(splitter: Splitter, chunks: Iterable<Uint8Array>): Found[] {
  const found: Found[] = [];
  function keep(pieces: ReturnType<Splitter["push"]>): void {
    for (const { bytes, problem } of pieces) {
      const content = Buffer.from(bytes).toString("utf8");
      found.push(problem === undefined ? content : [problem, content]);
    }
  }
  for (const chunk of chunks) keep(splitter.push(chunk));
  keep(splitter.end());
  return found;
}

function inJson(body: string): Found[] {
  return piecesOf(splitJson(), [Buffer.from(body)]);
}

function inLines(body: string): Found[] {
  return piecesOf(splitLines(), [Buffer.from(body)]);
}

const large = `{"id":"${"x".repeat(recordBytesMax)}"}`;

describe("a JSON body", () => {
  it("is cut at the commas of its array, whatever is in strings and nested", () => {
    expect(inJson(' [ {"a":"],}\\"[{"} ,\n{"b":[1,{"c":[2]}]},"\\\\",[],12]\r\n')).toEqual([
      '{"a":"],}\\"[{"}',
      '{"b":[1,{"c":[2]}]}',
      '"\\\\"',
      "[]",
      "12",
    ]);
  });

  it("is one record if it is no array, and may begin with a byte order mark", () => {
    expect(inJson('\uFEFF {"a":[1,2]}\n')).toEqual(['{"a":[1,2]}']);
    expect(inJson('\uFEFF[{"a":1}]')).toEqual(['{"a":1}']);
  });

  it("has no record in an empty array, and one that is not there in an empty body", () => {
    expect(inJson("[]")).toEqual([]);
    expect(inJson(" [ \n] ")).toEqual([]);
    expect(inJson("")).toEqual([""]);
    expect(inJson(" \n")).toEqual([""]);
  });

  it("loses one record alone to a comma too many or too few", () => {
    expect(inJson('[{"a":1},,{"b":2},]')).toEqual(['{"a":1}', "", '{"b":2}', ""]);
    expect(inJson('[{"a":1} {"b":2},{"c":3}]')).toEqual(['{"a":1} {"b":2}', '{"c":3}']);
    expect(inJson('[{"a":1}x,{"c":3}]')).toEqual(['{"a":1}x', '{"c":3}']);
  });

  it("is one malformed piece from where its brackets do not match", () => {
    expect(inJson('[{"a":1},{"b":2}},{"c":3}]')).toEqual(['{"a":1}', ["malformed", '{"b":2}},{"c":3}]']]);
    expect(inJson('[{"a":1}] {"b":2}')).toEqual(['{"a":1}', ["malformed", '{"b":2}']]);
    expect(inJson(`[{"a":1}]${"y".repeat(100_000)}`)).toEqual(['{"a":1}', ["malformed", "y".repeat(1024)]]);
  });

  it("says where it was cut off", () => {
    expect(inJson('[{"a":1},{"b":"2')).toEqual(['{"a":1}', ["cut_off", '{"b":"2']]);
    expect(inJson('[{"a":1},{"b":2')).toEqual(['{"a":1}', ["cut_off", '{"b":2']]);
    expect(inJson('{"b":2')).toEqual([["cut_off", '{"b":2']]);
    expect(inJson('[{"a":1}')).toEqual(['{"a":1}', ["malformed", ""]]);
    expect(inJson('[{"a":1},')).toEqual(['{"a":1}', ["malformed", ""]]);
  });

  it("keeps the beginning of a record that is too large, and goes on behind it", () => {
    const beginning = large.slice(0, 1024);
    expect(inJson(`[{"a":1},${large},{"b":2}]`)).toEqual(['{"a":1}', ["too_large", beginning], '{"b":2}']);
    expect(inJson(large)).toEqual([["too_large", beginning]]);
    const fits = `"${"x".repeat(recordBytesMax - 2)}"`;
    expect(inJson(`[${fits}]`)).toEqual([fits]);
  });
});

describe("a body of lines", () => {
  it("is cut at LF and at CR LF, and blank lines are none", () => {
    expect(inLines('{"a":1}\n\n{"b":2}\r\n  \r\n {"c":3} \n{"d":4}')).toEqual([
      '{"a":1}',
      '{"b":2}',
      '{"c":3}',
      '{"d":4}',
    ]);
    expect(inLines("")).toEqual([]);
  });

  it("says that its last line was cut off, and leaves other rubbish to the reader", () => {
    expect(inLines('{"a":1}\n{"b":"2')).toEqual(['{"a":1}', ["cut_off", '{"b":"2']]);
    expect(inLines('{"a":1}\n{"b":"2\nx')).toEqual(['{"a":1}', '{"b":"2', "x"]);
  });

  it("keeps the beginning of a line that is too large, and goes on behind it", () => {
    const beginning = large.slice(0, 1024);
    expect(inLines(`{"a":1}\n${large}\n{"b":2}\n${large}`)).toEqual([
      '{"a":1}',
      ["too_large", beginning],
      '{"b":2}',
      ["too_large", beginning],
    ]);
  });
});

describe("whatever chunks a body arrives in", () => {
  const samples = [
    '\uFEFF [ {"id":"用量\\"],","n":[1,{"x":"\\\\"}]} ,\r\n{"b":[]},, 12 ,"a\\\\" x] y',
    '[{"a":1},{"b":{"c":"é',
    '{"a":1}\r\n\r\n{"b":"]\\\\"}\n x \n{"c":',
    '[{"a":1}},2]',
  ];

  it.each([
    ["JSON", splitJson],
    ["lines", splitLines],
  ])("its records are the same: %s", (_name, splitter) => {
    for (const sample of samples) {
      const body = Buffer.from(sample);
      const whole = piecesOf(splitter(), [body]);
      for (let at = 0; at <= body.length; at++)
        expect(piecesOf(splitter(), [body.subarray(0, at), body.subarray(at)])).toEqual(whole);
      expect(piecesOf(splitter(), chunksOf(body, [1]))).toEqual(whole);
    }
  });

  it("its records are the same, for any text of JSON's own characters and any sizes", () => {
    const character = fc.constantFrom(...'[]{},"\\ \n\r1a:é');
    const bodies = fc.array(character, { maxLength: 60 }).map((characters) => Buffer.from(characters.join("")));
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });
    fc.assert(
      fc.property(bodies, sizes, fc.constantFrom(splitJson, splitLines), (body, cuts, splitter) => {
        expect(piecesOf(splitter(), chunksOf(body, cuts))).toEqual(piecesOf(splitter(), [body]));
      }),
      { numRuns: 2000 },
    );
  });

  it("an array's records come out as they were put in", () => {
    fc.assert(
      fc.property(fc.array(fc.json()), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (records, cuts) => {
        const trimmed = records.map((record) => record.trim());
        const found = piecesOf(splitJson(), chunksOf(Buffer.from(`[${records.join(" ,\n")}]`), cuts));
        expect(found).toEqual(trimmed);
      }),
    );
  });
});

/** A body in chunks of these sizes, over and over. */
function* chunksOf(body: Buffer, sizes: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (let turn = 0; from < body.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield body.subarray(from, from + size);
    from += size;
  }
}
