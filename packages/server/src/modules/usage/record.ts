import { hash } from "node:crypto";
import { iccidPattern } from "../cards/identifier.ts";
import type { UsageSource } from "../sources/source.ts";
import { parseInstant } from "./instant.ts";
import { type Members, eventType, isBlank, isGiven, isLine, isMembers, isRefusal } from "./members.ts";
import { readBytes, readWholeBytes } from "./record-bytes.ts";
import {
  attributeLengthMax,
  attributeWrong,
  correctsItself,
  dataWrong,
  endBeforeStart,
  idLengthMax,
  idMissing,
  idNotText,
  idWrong,
  kindMismatch,
  notAnObject,
  notJson,
  periodDaysMax,
  periodTooLong,
  sourceMismatch,
  specversionWrong,
  subjectWrong,
  timeProblem,
  typeWrong,
} from "./record-refusals.ts";
import type { Microseconds, RecordRefusal, SubmittedRecord, UsageKind, UsageRecord } from "./usage-record.ts";

const dayUs = 86_400_000_000;

/**
 * Reads a usage record from the JSON of one CloudEvent 1.0 in structured mode. Never throws: what is wrong with a record
 * is found out for itself, so that it refuses no other.
 *
 * Members that are not known are let be and not kept: carriers and gateways add their own, and a record is the same
 * record with and without them. `null` is as good as absent; of two members with one name, the last holds.
 */
export function parseRecord(content: string, source: UsageSource): SubmittedRecord {
  let event: unknown;
  try {
    event = JSON.parse(content);
  } catch (error) {
    return { id: "", content, parsed: notJson(error) };
  }
  return checkEvent(event, content, source);
}

/** Reads a usage record from a CloudEvent's members; `content` is kept as what was sent. */
export function checkEvent(event: unknown, content: string, source: UsageSource): SubmittedRecord {
  if (!isMembers(event)) return { id: "", content, parsed: notAnObject(event) };
  const id = readId(event.id);
  if (typeof id !== "string") return { id: "", content, parsed: id };
  return { id, content, parsed: readEvent(id, event, source) };
}

/**
 * What tells a record that is sent again from another one with the same id: the first eight bytes of a SHA-256, as
 * PostgreSQL's bigint, over all that the record says. The card is in it as it was found, not as it was named, so that a
 * record repeated under the card's other number is the same.
 */
export function contentFingerprint(record: UsageRecord, serialNo: string): bigint {
  const { startUs, atUs, bytes, corrects, attributes } = record;
  // None of these holds a line break, and none but the card is empty unless it is absent: no two records read alike.
  const said = `${serialNo}\n${startUs ?? ""}\n${atUs}\n${bytes}\n${corrects ?? ""}\n${attributes ?? ""}`;
  return hash("sha256", said, "buffer").readBigInt64BE(0);
}

function readEvent(id: string, event: Members, source: UsageSource): UsageRecord | RecordRefusal {
  const problem = envelopeProblem(event, source);
  if (problem !== undefined) return problem;
  const subject = readSubject(event.subject);
  if (typeof subject !== "string") return subject;
  const data = event.data;
  if (!isMembers(data)) return dataWrong(data);
  const corrects = readCorrects(data.corrects, id);
  if (isRefusal(corrects)) return corrects;
  const period = source.kind === "delta" ? readPeriod(data, event.time) : readReadingTime(data, event.time);
  if (isRefusal(period)) return period;
  const negativeAllowed = source.kind === "delta" && corrects !== null;
  const bytes = readBytes(data, source, negativeAllowed);
  if (typeof bytes !== "number") return bytes;
  const attributes = readAttributes(data, negativeAllowed);
  if (isRefusal(attributes)) return attributes;
  return { id, subject, startUs: period.startUs, atUs: period.atUs, bytes, corrects, attributes };
}

function readId(id: unknown): string | RecordRefusal {
  if (isBlank(id)) return idMissing;
  if (typeof id === "string") return isLine(id, idLengthMax) ? id : idWrong("id", id);
  return isGiven(id) ? idNotText(id) : idMissing;
}

/** What is wrong with the members that say what kind of event this is, and whose. */
function envelopeProblem({ specversion, source: from, type }: Members, source: UsageSource): RecordRefusal | undefined {
  if (specversion !== "1.0") return specversionWrong(specversion);
  if (isGiven(from) && from !== source.name && !(typeof from === "string" && from.endsWith(`/${source.name}`)))
    return sourceMismatch(from, source);
  if (type === eventType(source.kind)) return undefined;
  return type === eventType(otherKind(source.kind)) ? kindMismatch(source) : typeWrong(type);
}

function otherKind(kind: UsageKind): UsageKind {
  return kind === "delta" ? "reading" : "delta";
}

/** The card as it is looked up: an ICCID in upper case, anything else as given. */
function readSubject(subject: unknown): string | RecordRefusal {
  if (typeof subject !== "string" || !/^[0-9A-Za-z]{1,32}$/.test(subject)) return subjectWrong(subject);
  if (subject.length < 19) return subject;
  const upper = subject.toUpperCase();
  return iccidPattern.test(upper) ? upper : subject;
}

function readCorrects(corrects: unknown, id: string): string | null | RecordRefusal {
  if (!isGiven(corrects) || isBlank(corrects)) return null;
  if (typeof corrects !== "string" || !isLine(corrects, idLengthMax)) return idWrong("corrects", corrects);
  return corrects === id ? correctsItself : corrects;
}

type Period = Pick<UsageRecord, "startUs" | "atUs">;

/** A delta's time. CloudEvents' own `time` stands in for an `end` that is not given. */
function readPeriod(data: Members, time: unknown): Period | RecordRefusal {
  const startUs = readTime("start", data.start);
  if (typeof startUs !== "number") return startUs;
  const atUs = isGiven(data.end) || !isGiven(time) ? readTime("end", data.end) : readTime("time", time);
  if (typeof atUs !== "number") return atUs;
  if (atUs < startUs) return endBeforeStart;
  if (atUs - startUs > periodDaysMax * dayUs) return periodTooLong;
  return { startUs, atUs };
}

/** A reading's time. CloudEvents' own `time` stands in for a `read_at` that is not given. */
function readReadingTime(data: Members, time: unknown): Period | RecordRefusal {
  const atUs = isGiven(data.read_at) || !isGiven(time) ? readTime("read_at", data.read_at) : readTime("time", time);
  return typeof atUs === "number" ? { startUs: null, atUs } : atUs;
}

function readTime(member: string, value: unknown): Microseconds | RecordRefusal {
  const us = typeof value === "string" ? parseInstant(value) : undefined;
  return us ?? timeProblem(member, value);
}

/** In the order of their names: what is stored, and hashed, is the same in whatever order it was sent. */
const attributeNames = ["apn", "bytes_down", "bytes_up", "mcc", "mnc", "rat", "session_id"] as const;

/** What else the record says, as JSON; null if nothing. A blank text says nothing. */
function readAttributes(data: Members, negativeAllowed: boolean): string | null | RecordRefusal {
  let members = "";
  for (const name of attributeNames) {
    const value = data[name];
    if (!isGiven(value) || isBlank(value)) continue;
    const read = name.startsWith("bytes_") ? readWholeBytes(name, value, negativeAllowed) : readAttribute(name, value);
    if (isRefusal(read)) return read;
    members += `${members === "" ? "" : ","}"${name}":${JSON.stringify(read)}`;
  }
  return members === "" ? null : `{${members}}`;
}

function readAttribute(name: string, value: unknown): string | RecordRefusal {
  if (typeof value === "string" && isLine(value, attributeLengthMax)) return value;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return String(value);
  return attributeWrong(name, value);
}
