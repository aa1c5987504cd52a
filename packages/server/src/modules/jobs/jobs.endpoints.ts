import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

const importKind = Type.Union([
  Type.Literal("card_import"),
  Type.Literal("product_import"),
  Type.Literal("package_import"),
]);
const exportKind = Type.Literal("card_export");
const kind = Type.Union([importKind, exportKind]);

const state = Type.Union([
  Type.Literal("uploading"),
  Type.Literal("waiting"),
  Type.Literal("running"),
  Type.Literal("checked"),
  Type.Literal("succeeded"),
  Type.Literal("failed"),
  Type.Literal("cancelled"),
]);

const fileName = Type.Union([Type.Literal("input"), Type.Literal("refused"), Type.Literal("export")]);

const figures = Type.Object({
  lines: Type.Integer(),
  inserted: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer(),
  /** The first hundred; all of them are in the file `refused`. */
  first_refused: Type.Array(Type.Object({ line: Type.Integer(), reason: Type.String() })),
});

const nullable = <S extends Parameters<typeof Type.Union>[0][number]>(schema: S) => Type.Union([schema, Type.Null()]);

const job = Type.Object({
  job_no: Type.Integer(),
  kind,
  state,
  step: Type.Union([Type.Literal("check"), Type.Literal("import"), Type.Literal("export")]),
  /** Counts the changes of state. */
  version: Type.Integer(),
  /** Of an import, as it was uploaded. */
  file_name: nullable(Type.String()),
  /** Of an import that was confirmed. */
  skip_invalid: Type.Boolean(),
  /** Lines were refused when it was to be imported that had not been when it was checked; it waits to be confirmed anew. */
  changed_since_check: Type.Boolean(),
  progress: nullable(
    Type.Object({
      phase: Type.Union([
        Type.Literal("uploading"),
        Type.Literal("waiting"),
        Type.Literal("reading"),
        Type.Literal("checking"),
        Type.Literal("writing"),
        Type.Literal("exporting"),
      ]),
      /** Bytes, of an export rows. */
      done: nullable(Type.Integer()),
      total: nullable(Type.Integer()),
    }),
  ),
  /** What an import would do. Refused lines are counted as skipped. */
  check: nullable(figures),
  /** What an import has done. */
  imported: nullable(figures),
  /** What an export has written. */
  exported: nullable(Type.Object({ rows: Type.Integer() })),
  /** Why it has failed, or was cancelled by itself. */
  problem: nullable(Type.String()),
  created_by: Type.String(),
  confirmed_by: nullable(Type.String()),
  created_at: Type.String(),
  started_at: nullable(Type.String()),
  finished_at: nullable(Type.String()),
  files: Type.Array(Type.Object({ name: fileName, file_name: Type.String(), size_bytes: Type.Integer() })),
  /** When its files are deleted, once it has ended. */
  files_until: nullable(Type.String()),
});

const params = Type.Object({ job_no: Type.Integer({ minimum: 1 }) });

export const listJobs = endpoint({
  method: "GET",
  path: "/jobs",
  role: "viewer",
  query: Type.Object({
    kind: Type.Optional(kind),
    /** Several are separated by commas. */
    state: Type.Optional(Type.String({ pattern: "^[a-z]+(,[a-z]+)*$", maxLength: 100 })),
    /** Those of whoever asks. */
    mine: Type.Optional(Type.Boolean()),
    /** The `job_no` of the last one already shown. */
    before_job: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({ list: Type.Array(job), more: Type.Boolean() }),
});

export const getJob = endpoint({ method: "GET", path: "/jobs/:job_no", role: "viewer", params, answer: job });

/** What a file of each kind consists of. */
export const listImportKinds = endpoint({
  method: "GET",
  path: "/jobs/imports/kinds",
  role: "viewer",
  answer: Type.Object({
    upload_max_bytes: Type.Integer(),
    list: Type.Array(
      Type.Object({
        kind: importKind,
        columns: Type.Array(
          Type.Object({
            name: Type.String(),
            required: Type.Boolean(),
            /** What it is. */
            meaning: Type.String(),
            /** What is taken. */
            expected: Type.String(),
          }),
        ),
      }),
    ),
  }),
});

/** Takes a file, as it is, and has it checked. Nothing is imported until that is confirmed. */
export const uploadImport = endpoint({
  method: "POST",
  path: "/jobs/imports",
  role: "operator",
  upload: true,
  query: Type.Object({
    kind: importKind,
    file_name: Type.String({ minLength: 1, maxLength: 255 }),
    /** The file's size in bytes. */
    size: Type.Integer({ minimum: 0 }),
  }),
  answer: job,
});

export const requestExport = endpoint({
  method: "POST",
  path: "/jobs/exports",
  role: "operator",
  body: Type.Object({
    kind: exportKind,
    /** As the list of what is exported takes it. */
    filter: Type.Record(Type.String(), Type.Unknown()),
    columns: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 100 }),
    format: Type.Union([Type.Literal("xlsx"), Type.Literal("csv")]),
  }),
  answer: job,
});

export const confirmJob = endpoint({
  method: "POST",
  path: "/jobs/:job_no/confirm",
  role: "operator",
  params,
  body: Type.Object({ version: Type.Integer(), skip_invalid: Type.Boolean() }),
  answer: job,
});

export const cancelJob = endpoint({
  method: "POST",
  path: "/jobs/:job_no/cancel",
  role: "operator",
  params,
  answer: job,
});

export const downloadJobFile = endpoint({
  method: "GET",
  path: "/jobs/:job_no/files/:name",
  role: "operator",
  params: Type.Object({ job_no: Type.Integer({ minimum: 1 }), name: fileName }),
});

export const jobEndpoints = [
  listJobs,
  getJob,
  listImportKinds,
  uploadImport,
  requestExport,
  confirmJob,
  cancelJob,
  downloadJobFile,
] as const;
