import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UsageSource } from "../sources/source.ts";
import { parseInstant } from "./instant.ts";
import { contentFingerprint, parseRecord } from "./record.ts";
import { type RecordRefusal, type UsageRecord, isRecord } from "./usage-record.ts";

const deltas: UsageSource = {
  sourceNo: 1,
  name: "gateway-1",
  kind: "delta",
  unit: null,
  graceSeconds: 21_600,
  closeAfterSeconds: 259_200,
};
const readings: UsageSource = { ...deltas, sourceNo: 2, name: "onelink", kind: "reading", unit: "KB" };

type Members = Readonly<Record<string, unknown>>;

const deltaData = { start: "2026-11-24T01:00:00+08:00", end: "2026-11-24T01:15:00+08:00", bytes_total: 1000 };
const delta = {
  specversion: "1.0",
  id: "d-1",
  type: "usage.data.delta",
  subject: "89860123456789012345",
  data: deltaData,
};
const readingData = { read_at: "2026-11-24T01:15:00+08:00", value: "2", unit: "MB" };
const reading = {
  specversion: "1.0",
  id: "r-1",
  type: "usage.data.reading",
  subject: "14812345678",
  data: readingData,
};

/** A delta with other members, of itself and of its data; undefined leaves one out. */
function deltaWith(event: Members, data: Members = {}): string {
  return JSON.stringify({ ...delta, data: { ...deltaData, ...data }, ...event });
}

function readingWith(data: Members, event: Members = {}): string {
  return JSON.stringify({ ...reading, data: { ...readingData, ...data }, ...event });
}

function read(content: string, source: UsageSource): UsageRecord {
  const { parsed } = parseRecord(content, source);
  if (!isRecord(parsed)) throw new Error(`${parsed.hint}: ${parsed.reason.en}`);
  return parsed;
}

function refusal(content: string, source: UsageSource): RecordRefusal {
  const { parsed } = parseRecord(content, source);
  if (isRecord(parsed)) throw new Error(`it was not refused: ${content}`);
  return parsed;
}

const endUs = parseInstant("2026-11-23T17:15:00Z");

describe("a record is read", () => {
  test("from a delta", () => {
    const content = JSON.stringify(delta);
    expect(parseRecord(content, deltas)).toEqual({
      id: "d-1",
      content,
      parsed: {
        id: "d-1",
        subject: "89860123456789012345",
        startUs: parseInstant("2026-11-23T17:00:00Z"),
        atUs: endUs,
        bytes: 1000,
        corrects: null,
        attributes: null,
      },
    });
  });

  test("from a reading, in the source's unit if it names none", () => {
    expect(read(readingWith({}), readings)).toMatchObject({ startUs: null, atUs: endUs, bytes: 2_097_152 });
    expect(read(readingWith({ unit: undefined }), readings).bytes).toBe(2048);
    expect(read(readingWith({ value: "12.34MB", unit: undefined }), readings).bytes).toBe(12_939_428);
    expect(read(readingWith({ value: 12.34 }), readings).bytes).toBe(12_939_428);
    expect(read(readingWith({ value: " 2 ", unit: "" }), readings).bytes).toBe(2048);
  });

  test("with CloudEvents' time where it has no end or read_at, and not otherwise", () => {
    const time = "2026-11-23T17:15:00Z";
    expect(read(deltaWith({ time }, { end: undefined }), deltas).atUs).toBe(endUs);
    expect(read(readingWith({ read_at: null }, { time }), readings).atUs).toBe(endUs);
    expect(read(deltaWith({ time: "yesterday" }), deltas).atUs).toBe(endUs);
  });

  test.each([
    [0, 0],
    [-0, 0],
    ["-0", 0],
    ["0", 0],
    ["007", 7],
    ["1125899906842624", 2 ** 50],
    [2 ** 50, 2 ** 50],
  ])("with bytes_total %j", (bytes_total, bytes) => {
    expect(read(deltaWith({}, { bytes_total }), deltas).bytes).toBe(bytes);
  });

  test("with a JSON number's exponent or trailing zeros, which are the same number", () => {
    expect(read(JSON.stringify(delta).replace("1000}", "1e3}"), deltas).bytes).toBe(1000);
    expect(read(JSON.stringify(delta).replace("1000}", "-0.0}"), deltas).bytes).toBe(0);
  });

  test("with both figures where they agree", () => {
    expect(read(deltaWith({}, { bytes_total: 12_939_428, value: "12.34", unit: "MB" }), deltas).bytes).toBe(12_939_428);
    expect(read(deltaWith({}, { unit: "B" }), deltas).bytes).toBe(1000);
  });

  test.each(["gateway-1", "/gateway-1", "https://example.com/sources/gateway-1", null, undefined])(
    "with source %j",
    (source) => {
      expect(read(deltaWith({ source }), deltas).id).toBe("d-1");
    },
  );

  test.each([
    ["CARD0001", "CARD0001"],
    ["card0001", "card0001"],
    ["460011234567890", "460011234567890"],
    ["8986012345678901234", "8986012345678901234"],
    ["8986012345678901234a", "8986012345678901234A"],
    ["zzzzzzzzzzzzzzzzzzzz", "zzzzzzzzzzzzzzzzzzzz"],
  ])("for subject %s as %s", (subject, lookedUp) => {
    expect(read(deltaWith({ subject }), deltas).subject).toBe(lookedUp);
  });

  test("with an id of 256 characters of any script", () => {
    const id = `${"用量-😀 ".repeat(42)}/007`;
    expect(id).toHaveLength(256);
    expect(read(deltaWith({ id }), deltas).id).toBe(id);
  });

  test("with a correction that takes something back", () => {
    const record = read(deltaWith({ id: "d-2" }, { corrects: "d-1", bytes_total: -1000, bytes_up: -400 }), deltas);
    expect(record).toMatchObject({ bytes: -1000, corrects: "d-1", attributes: '{"bytes_up":-400}' });
    expect(read(deltaWith({}, { bytes_total: undefined, value: "-1KB", corrects: "d-0" }), deltas).bytes).toBe(-1024);
    expect(read(readingWith({ corrects: "r-0" }), readings).corrects).toBe("r-0");
    expect(read(deltaWith({}, { corrects: "" }), deltas).corrects).toBeNull();
  });

  test("with all else that it says, in one order", () => {
    const attributes =
      '{"apn":"cmnet","bytes_down":600,"bytes_up":400,"mcc":"460","mnc":"00","rat":"LTE","session_id":"7"}';
    const said = { session_id: 7, rat: "LTE", mnc: "00", mcc: 460, bytes_up: "400", bytes_down: 600, apn: "cmnet" };
    expect(read(deltaWith({}, said), deltas).attributes).toBe(attributes);
    expect(read(deltaWith({}, Object.fromEntries(Object.entries(said).reverse())), deltas).attributes).toBe(attributes);
  });

  test("without what says nothing or is not known", () => {
    const data = {
      apn: null,
      mcc: "",
      mnc: " ",
      bytes_up: " ",
      bytes_down: null,
      corrects: null,
      value: null,
      mood: "good",
    };
    expect(read(deltaWith({ datacontenttype: "application/json", trace: { a: 1 } }, data), deltas)).toEqual(
      read(JSON.stringify(delta), deltas),
    );
  });

  test("with a period of no length, and one of 32 days", () => {
    expect(read(deltaWith({}, { start: deltaData.end }), deltas).startUs).toBe(endUs);
    const month = { start: "2026-10-01T00:00:00Z", end: "2026-11-02T00:00:00Z" };
    expect(read(deltaWith({}, month), deltas).bytes).toBe(1000);
  });
});

describe("a record is refused", () => {
  test.each<[hint: string, names: string, content: string]>([
    ["not_json", "JSON", '{"id":'],
    ["not_json", "JSON", ""],
    ["not_an_object", "object", "[]"],
    ["not_an_object", "object", "null"],
    ["not_an_object", "object", '"d-1"'],
    ["specversion_wrong", "specversion", deltaWith({ specversion: undefined })],
    ["specversion_wrong", "specversion", deltaWith({ specversion: "0.3" })],
    ["specversion_wrong", "specversion", deltaWith({ specversion: 1 })],
    ["id_missing", "id", deltaWith({ id: undefined })],
    ["id_missing", "id", deltaWith({ id: null })],
    ["id_missing", "id", deltaWith({ id: "" })],
    ["id_missing", "id", deltaWith({ id: "  " })],
    ["id_not_text", "id", deltaWith({ id: 1234 })],
    ["id_not_text", "id", deltaWith({ id: { a: 1 } })],
    ["id_wrong", "id", deltaWith({ id: "x".repeat(257) })],
    ["id_wrong", "id", deltaWith({ id: "a\u0000b" })],
    ["id_wrong", "id", deltaWith({ id: "a\nb" })],
    ["id_wrong", "id", deltaWith({ id: "a\u0085b" })],
    ["id_wrong", "id", deltaWith({ id: "half \ud83d" })],
    ["id_wrong", "id", deltaWith({ id: `${"x".repeat(39)}😀${"x".repeat(256)}` })],
    ["source_mismatch", "gateway-1", deltaWith({ source: "gateway-2" })],
    ["source_mismatch", "source", deltaWith({ source: "my-gateway-1" })],
    ["source_mismatch", "source", deltaWith({ source: 1 })],
    ["type_wrong", "usage.data.delta", deltaWith({ type: "usage.data" })],
    ["type_wrong", "type", deltaWith({ type: undefined })],
    ["kind_mismatch", "usage.data.delta", deltaWith({ type: "usage.data.reading" })],
    ["subject_wrong", "subject", deltaWith({ subject: undefined })],
    ["subject_wrong", "quotes", deltaWith({ subject: 8_986_012_345_678_901 })],
    ["subject_wrong", "scientific", deltaWith({ subject: "8.98601E+19" })],
    ["subject_wrong", "subject", deltaWith({ subject: "8986 0123" })],
    ["subject_wrong", "subject", deltaWith({ subject: "+8614812345678" })],
    ["subject_wrong", "subject", deltaWith({ subject: "1".repeat(33) })],
    ["data_wrong", "data", deltaWith({ data: undefined })],
    ["data_wrong", "data", deltaWith({ data: JSON.stringify(deltaData) })],
    ["data_wrong", "data", deltaWith({ data: [deltaData] })],
    ["corrects_wrong", "corrects", deltaWith({}, { corrects: 7 })],
    ["corrects_wrong", "corrects", deltaWith({}, { corrects: "x".repeat(257) })],
    ["corrects_itself", "corrects", deltaWith({}, { corrects: "d-1" })],
    ["time_missing", "start", deltaWith({}, { start: undefined })],
    ["time_missing", "end", deltaWith({}, { end: null })],
    ["time_wrong", "time", deltaWith({ time: "yesterday" }, { end: undefined })],
    ["time_wrong", "start", deltaWith({}, { start: 1_795_482_123 })],
    ["time_wrong", "end", deltaWith({}, { end: "2026-11-24T24:00:00+08:00" })],
    ["time_wrong", "end", deltaWith({}, { end: "" })],
    ["time_without_offset", "end", deltaWith({}, { end: "2026-11-24 01:02:03" })],
    ["time_without_offset", "start", deltaWith({}, { start: "2026-11-24T01:02:03.5" })],
    ["end_before_start", "start", deltaWith({}, { start: "2026-11-24T01:15:00.000001+08:00" })],
    ["period_too_long", "32", deltaWith({}, { start: "2026-10-22T01:14:59+08:00" })],
    ["bytes_missing", "bytes_total", deltaWith({}, { bytes_total: undefined })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: 1.5 })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: "1.5" })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: "1e3" })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: "NaN" })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: " 1" })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: "1KB" })],
    ["bytes_wrong", "bytes_total", deltaWith({}, { bytes_total: true })],
    ["bytes_wrong", "bytes_total", JSON.stringify(delta).replace("1000}", "1e999}")],
    ["bytes_wrong", "bytes_up", deltaWith({}, { bytes_up: "many" })],
    ["bytes_too_large", "bytes_total", deltaWith({}, { bytes_total: 2 ** 50 + 1 })],
    ["bytes_too_large", "bytes_total", deltaWith({}, { bytes_total: "1125899906842625" })],
    ["bytes_too_large", "bytes_total", JSON.stringify(delta).replace("1000}", "1e300}")],
    ["bytes_too_large", "bytes_down", deltaWith({}, { bytes_down: "99999999999999999999" })],
    ["bytes_too_large", "value", deltaWith({}, { bytes_total: null, value: "1025", unit: "TB" })],
    ["bytes_negative", "bytes_total", deltaWith({}, { bytes_total: -1 })],
    ["bytes_negative", "bytes_up", deltaWith({}, { bytes_up: "-1" })],
    ["bytes_negative", "value", deltaWith({}, { bytes_total: null, value: "-1", unit: "MB" })],
    ["bytes_contradict", "12939428", deltaWith({}, { bytes_total: 12_939_427, value: "12.34", unit: "MB" })],
    ["no_value", "value", deltaWith({}, { bytes_total: null, value: " ", unit: "KB" })],
    ["no_value", "bytes_total", deltaWith({}, { bytes_total: "" })],
    ["value_wrong", "value", deltaWith({}, { bytes_total: null, value: "1,024", unit: "KB" })],
    ["value_wrong", "value", deltaWith({}, { bytes_total: null, value: 1e-7, unit: "GB" })],
    ["value_wrong", "value", deltaWith({}, { bytes_total: null, value: ["1"], unit: "KB" })],
    ["unit_missing", "unit", deltaWith({}, { bytes_total: null, value: "1" })],
    ["unit_unknown", '"M"', deltaWith({}, { bytes_total: null, value: "1", unit: "M" })],
    ["unit_unknown", '"M"', deltaWith({}, { bytes_total: null, value: "1.5M" })],
    ["unit_unknown", "unit", deltaWith({}, { bytes_total: null, value: "1", unit: 1024 })],
    ["unit_contradicts", "unit", deltaWith({}, { bytes_total: null, value: "1MB", unit: "KB" })],
    ["unit_without_value", "MB", deltaWith({}, { bytes_total: 12, unit: "MB" })],
    ["byte_fraction", "value", deltaWith({}, { bytes_total: null, value: "1.5", unit: "B" })],
    ["attribute_wrong", "apn", deltaWith({}, { apn: "a\u0000" })],
    ["attribute_wrong", "apn", deltaWith({}, { apn: "\udc00" })],
    ["attribute_wrong", "rat", deltaWith({}, { rat: "x".repeat(101) })],
    ["attribute_wrong", "mcc", deltaWith({}, { mcc: 460.5 })],
    ["attribute_wrong", "mnc", deltaWith({}, { mnc: -1 })],
    ["attribute_wrong", "session_id", deltaWith({}, { session_id: {} })],
  ])("with %s, naming %s: %s", (hint, names, content) => {
    const { hint: actual, reason } = refusal(content, deltas);
    expect(actual).toBe(hint);
    expect(reason.en).toContain(names);
    expect(reason.zh).toMatch(/\p{Script=Han}/u);
    // Half a character would make the whole answer unreadable to PHP.
    expect(reason.en.isWellFormed() && reason.zh.isWellFormed()).toBe(true);
  });

  test.each<[hint: string, names: string, content: string]>([
    ["kind_mismatch", "usage.data.reading", readingWith({}, { type: "usage.data.delta" })],
    ["time_missing", "read_at", readingWith({ read_at: undefined })],
    ["time_without_offset", "read_at", readingWith({ read_at: "2026-11-24 01:02" })],
    ["bytes_negative", "value", readingWith({ value: "-1" })],
    ["bytes_negative", "value", readingWith({ value: "-1", corrects: "r-0" })],
    ["no_value", "value", readingWith({ value: " " })],
  ])("from a source of readings with %s, naming %s: %s", (hint, names, content) => {
    const { hint: actual, reason } = refusal(content, readings);
    expect(actual).toBe(hint);
    expect(reason.en).toContain(names);
  });

  test("with its id, once that is known to be one, and what was sent", () => {
    const content = deltaWith({ type: "?" });
    expect(parseRecord(content, deltas)).toMatchObject({ id: "d-1", content });
    expect(parseRecord(deltaWith({ id: 7, type: "?" }), deltas).id).toBe("");
    expect(parseRecord("{]", deltas)).toMatchObject({ id: "", content: "{]" });
  });

  test("however deeply it is nested", () => {
    const deep = "[".repeat(30_000) + "]".repeat(30_000);
    expect(refusal(deep, deltas).hint).toBe("not_an_object");
    expect(refusal(`{"id":${deep}}`, deltas).hint).toBe("id_not_text");
    expect(refusal(JSON.stringify(delta).replace("1000}", `${deep}}`), deltas).hint).toBe("bytes_wrong");
  });
});

test("nothing that is sent makes reading it throw", () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom("1", "1.5MB", " ", -1, "2026-11-24T00:00:00Z", "\ud800"));
  const some = (object: Members) =>
    fc.record(Object.fromEntries(Object.keys(object).map((name) => [name, fc.option(value, { nil: undefined })])));
  const names = { ...deltaData, ...readingData, bytes_up: 0, apn: 0, session_id: 0, corrects: 0 };
  fc.assert(
    fc.property(some(delta), some(names), fc.boolean(), fc.boolean(), (event, data, whole, isDelta) => {
      const sent = whole ? { ...delta, data: { ...deltaData, ...data } } : { ...event, data };
      const { parsed } = parseRecord(JSON.stringify(sent), isDelta ? deltas : readings);
      expect(isRecord(parsed) ? Number.isSafeInteger(parsed.bytes) : parsed.reason.zh !== "").toBe(true);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (content) => {
      expect(isRecord(parseRecord(content, deltas).parsed)).toBe(false);
    }),
  );
});

describe("a record's fingerprint", () => {
  const record = read(deltaWith({}, { apn: "cmnet" }), deltas);

  test("is the same for what says the same", () => {
    const again = read(
      deltaWith({ time: "2026-11-24T00:00:00Z" }, { bytes_total: "1000", apn: "cmnet", mcc: "" }),
      deltas,
    );
    expect(contentFingerprint(again, "CARD0001")).toBe(contentFingerprint(record, "CARD0001"));
    // The card, not what it was called.
    expect(contentFingerprint({ ...record, subject: "14812345678" }, "CARD0001")).toBe(
      contentFingerprint(record, "CARD0001"),
    );
  });

  test("is written down: records taken in by an earlier version stay duplicates", () => {
    expect(contentFingerprint(record, "CARD0001")).toBe(5_923_070_105_582_821_752n);
  });

  test("is another one for whatever is said otherwise", () => {
    const others: readonly UsageRecord[] = [
      record,
      { ...record, startUs: null },
      { ...record, startUs: record.atUs },
      { ...record, atUs: record.atUs + 1 },
      { ...record, bytes: 1001 },
      { ...record, bytes: -1000 },
      { ...record, corrects: "d-0" },
      { ...record, attributes: null },
      { ...record, corrects: record.attributes, attributes: null },
      { ...record, attributes: '{"apn":"cmnet2"}' },
    ];
    const prints = [
      ...others.map((other) => contentFingerprint(other, "CARD0001")),
      contentFingerprint(record, "CARD0002"),
    ];
    expect(new Set(prints).size).toBe(prints.length);
    for (const print of prints) expect(BigInt.asIntN(64, print)).toBe(print);
  });
});
