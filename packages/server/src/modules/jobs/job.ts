import type pg from "pg";
import type { Actor } from "../../actor.ts";
import type { Language, Text } from "../../text.ts";

export const importKinds = ["card_import", "product_import", "package_import"] as const;
export type ImportKind = (typeof importKinds)[number];

export type ExportKind = "card_export";

export type JobKind = ImportKind | ExportKind;

/**
 * `uploading` → `waiting` ⇄ `running` → … An import is first checked, which ends in `checked`: what it would do is known
 * and nothing is written. Once somebody has confirmed it, it waits and runs again, and then it is the import itself.
 */
export const jobStates = ["uploading", "waiting", "running", "checked", "succeeded", "failed", "cancelled"] as const;
export type JobState = (typeof jobStates)[number];

export type JobStep = "check" | "import" | "export";

export interface ImportParameters {
  readonly file_name: string;
  /** Of the reasons why lines are refused. */
  readonly language: Language;
  /** Import the good lines although others are refused. */
  readonly skip_invalid: boolean;
  /** It was confirmed, and lines were refused then that had not been before: nothing was written, and it is to be confirmed anew. */
  readonly changed_since_check: boolean;
}

export interface ExportParameters {
  readonly format: "xlsx" | "csv";
  /** Of the first line. */
  readonly language: Language;
  /** As the search whose result it is understands it. */
  readonly filter: Readonly<Record<string, unknown>>;
  readonly columns: readonly string[];
}

export interface JobProgress {
  readonly phase: "uploading" | "waiting" | "reading" | "checking" | "writing" | "exporting";
  /** Bytes, of an export rows; null where it cannot be said. */
  readonly done: number | null;
  /** Of an export about. */
  readonly total: number | null;
}

/** What an import has done or would do. */
export interface ImportFigures {
  readonly lines: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
  /** As many as a page shows. */
  readonly first_refused: { readonly line: number; readonly reason: string }[];
}

export interface JobRow {
  job_no: number;
  kind: JobKind;
  state: JobState;
  step: JobStep;
  version: number;
  parameters: ImportParameters | ExportParameters;
  progress: JobProgress | null;
  check_report: ImportFigures | null;
  result: ImportFigures | { readonly rows: number } | null;
  problem: Text | null;
  created_by: Actor;
  confirmed_by: Actor | null;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  attempts: number;
}

/** What belongs to a job: what was uploaded, the lines of it that were refused, or what was exported. */
export type JobFileName = "input" | "refused" | "export";

/** How long the files of a job are kept. They are as large as what was uploaded; what came of it is kept for ever. */
export const filesKeptDays = 7;

/** One run of a job in this process. Whatever it writes is written on condition that the job is still its own. */
export interface JobRun {
  readonly job: JobRow;
  /** Its name, which no other run has. */
  readonly runner: string;
  readonly pool: pg.Pool;
  /** The job has been cancelled, or is to be left to another process. */
  readonly signal: AbortSignal;
  /** Tells how far it is; not all that is told is written. */
  readonly progress: (progress: JobProgress) => void;
}

/** Thrown where a run is not the job's any more: it was cancelled, or another process has taken it over. */
export class SupersededError extends Error {
  constructor() {
    super("the job is not this run's any more");
    this.name = "SupersededError";
  }
}
