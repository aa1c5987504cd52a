import { describe, expect, test } from "vitest";
import type { UsageSource } from "../sources/source.ts";
import { recordColumns, recordOfCsv, timeColumns } from "./csv-record.ts";
import { contentFingerprint, parseRecord } from "./record.ts";
import { type UsageRecord, isRecord } from "./usage-record.ts";

const deltas: UsageSource = {
  sourceNo: 1,
  name: "gateway-1",
  kind: "delta",
  unit: null,
  graceSeconds: 21_600,
  closeAfterSeconds: 259_200,
};
const readings: UsageSource = { ...deltas, sourceNo: 2, name: "ctcc", kind: "reading", unit: "MB" };

const cells = { id: "r-1", subject: "14812345678", read_at: "2026-11-24T01:15:00+08:00", value: "12.34MB" };

function read(line: Readonly<Record<string, string>>, source: UsageSource): UsageRecord {
  const { parsed } = recordOfCsv(line, source);
  if (!isRecord(parsed)) throw new Error(`${parsed.hint}: ${parsed.reason.en}`);
  return parsed;
}

function hint(line: Readonly<Record<string, string>>, source: UsageSource): string | undefined {
  const { parsed } = recordOfCsv(line, source);
  return isRecord(parsed) ? undefined : parsed.hint;
}

describe("a line of a CSV", () => {
  test("is a record of its source's kind", () => {
    const record = recordOfCsv(cells, readings);
    expect(record).toMatchObject({
      id: "r-1",
      parsed: { id: "r-1", subject: "14812345678", startUs: null, bytes: 12_939_428, attributes: null },
    });
    // What is kept of it in the quarantine can be tried again.
    expect(parseRecord(record.content, readings)).toEqual(record);
  });

  test("says what the same record says as JSON, in every column", () => {
    const data = {
      start: "2026-11-24T01:00:00+08:00",
      end: "2026-11-24T01:15:00+08:00",
      bytes_total: "-1024",
      bytes_up: "-24",
      bytes_down: "-1000",
      value: "-1",
      unit: "KB",
      apn: "cmnet",
      mcc: "460",
      mnc: "00",
      rat: "LTE",
      session_id: "0017",
      corrects: "d-0",
    };
    const line = { id: "d-1", subject: "89860123456789012345", type: "usage.data.delta", read_at: "", ...data };
    expect(Object.keys(line).sort()).toEqual([...recordColumns].sort());
    const { id, subject, type } = line;
    const { parsed } = parseRecord(JSON.stringify({ specversion: "1.0", id, subject, type, data }), deltas);
    const record = read(line, deltas);
    expect(record).toEqual(parsed);
    expect(contentFingerprint(record, "CARD0001")).toBe(isRecord(parsed) && contentFingerprint(parsed, "CARD0001"));
  });

  test("may keep its digits from Excel, and have empty cells and columns of its own", () => {
    const line = { ...cells, subject: '="89860123456789012345"', id: "'007", apn: " ", unit: "", remark: "x" };
    expect(read(line, readings)).toMatchObject({ id: "007", subject: "89860123456789012345", attributes: null });
  });

  test("without a time where the columns have it, or without an id, is refused", () => {
    expect(timeColumns.every((column) => recordColumns.includes(column))).toBe(true);
    expect(hint({ ...cells, read_at: "" }, readings)).toBe("time_missing");
    expect(hint({ ...cells, id: " " }, readings)).toBe("id_missing");
    expect(hint({ ...cells, subject: "" }, readings)).toBe("subject_wrong");
    expect(hint({ ...cells, subject: "8.98601E+19" }, readings)).toBe("subject_wrong");
    expect(hint({ ...cells, type: "usage.data.delta" }, readings)).toBe("kind_mismatch");
    expect(hint({ ...cells, value: "1.2E+10" }, readings)).toBe("value_wrong");
  });

  test("whose figure is blank is no zero", () => {
    expect(hint({ ...cells, value: " " }, readings)).toBe("no_value");
    expect(hint({ ...cells, value: "", bytes_total: "" }, readings)).toBe("no_value");
    const { value: _, ...without } = cells;
    expect(hint(without, readings)).toBe("bytes_missing");
    expect(read({ ...cells, value: "", bytes_total: "5" }, readings).bytes).toBe(5);
  });
});
