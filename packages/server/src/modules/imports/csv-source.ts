import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";

/** Where the lines come from: the content itself, a file, or content that is kept elsewhere. */
export type CsvSource = string | Uint8Array | { readonly path: string } | StoredContent;

/** Content that never changes and can be read again and again. */
export interface StoredContent {
  /** As the operator knows it; messages begin with it. */
  readonly name: string;
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
}

/** A source that can be read more than once, which finding its encoding and reporting its refused lines need. */
export interface OpenSource {
  readonly name: string;
  readonly sizeBytes: number;
  read(): AsyncIterable<Uint8Array>;
  /** How far the latest reading has come, in bytes. */
  position(): number;
  /** Throws if the file was written to since it was opened: what was checked is then not what was read. */
  refuseChanged(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The lines of a chunk are in memory together. A chunk four times as large makes them live long enough to be moved by the
 * garbage collector, and costs a fifth more processor time.
 */
const chunkBytes = 65_536;

/** Opens a source, and refuses what is certainly no CSV. */
export async function openSource(source: CsvSource): Promise<OpenSource> {
  if (typeof source === "string" || source instanceof Uint8Array) {
    const content = typeof source === "string" ? Buffer.from(source) : source;
    refuseBinary(content.subarray(0, 4), "CSV");
    let position = 0;
    return {
      name: "CSV",
      sizeBytes: content.length,
      async *read() {
        for (position = 0; position < content.length;) {
          const chunk = content.subarray(position, position + chunkBytes);
          position += chunk.length;
          yield chunk;
        }
      },
      position: () => position,
      refuseChanged: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  }
  return "path" in source ? openFile(source.path) : openStored(source);
}

async function openStored(content: StoredContent): Promise<OpenSource> {
  const { name, sizeBytes } = content;
  refuseBinary(await startOf(content.read()), name);
  let position = 0;
  return {
    name,
    sizeBytes,
    async *read() {
      position = 0;
      for await (const part of content.read())
        for (let start = 0; start < part.length; start += chunkBytes) {
          const chunk = part.subarray(start, start + chunkBytes);
          position += chunk.length;
          yield chunk;
        }
    },
    position: () => position,
    refuseChanged: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

async function startOf(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  for await (const part of parts) if (part.length > 0) return part.subarray(0, 4);
  return new Uint8Array(0);
}

async function openFile(path: string): Promise<OpenSource> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const before = await file.stat();
    if (!before.isFile())
      throw new OperatorError(
        text(`${path} 不是普通文件，无法导入。`, `${path} is not a regular file and cannot be imported.`),
      );
    refuseBinary((await file.read(new Uint8Array(4), 0, 4, 0)).buffer.subarray(0, before.size), path);
    let position = 0;
    return {
      name: path,
      sizeBytes: before.size,
      async *read() {
        for (position = 0; ;) {
          const chunk = await readChunk(file, path, position);
          if (chunk.length === 0) return;
          position += chunk.length;
          yield chunk;
        }
      },
      position: () => position,
      async refuseChanged() {
        const now = await file.stat();
        if (now.size !== before.size || now.mtimeMs !== before.mtimeMs)
          throw new OperatorError(
            text(
              `${path} 在导入过程中被修改，未导入任何内容。`,
              `${path} was changed while it was imported; nothing was imported.`,
            ),
          );
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Into a new buffer each time, since the parser keeps the one before. */
async function readChunk(file: FileHandle, path: string, position: number): Promise<Uint8Array> {
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(chunkBytes), 0, chunkBytes, position);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): OperatorError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const [zh, en] =
    code === "ENOENT"
      ? ["文件不存在", "there is no such file"]
      : code === "EACCES"
        ? ["没有读取权限", "permission denied"]
        : code === "EISDIR"
          ? ["它是一个目录", "it is a directory"]
          : [String(cause), String(cause)];
  return new OperatorError(text(`无法读取 ${path}：${zh}。`, `${path} cannot be read: ${en}.`), cause);
}

const zipMagic = "504b0304";
const compoundFileMagic = "d0cf11e0";

/** Throws an OperatorError for what is certainly no CSV by the first four bytes of it. */
export function refuseBinary(start: Uint8Array, name: string): void {
  if (start.length === 0) throw new OperatorError(text(`${name} 是空文件。`, `${name} is empty.`));
  const magic = Buffer.from(start).toString("hex");
  if (magic === zipMagic || magic === compoundFileMagic)
    throw new OperatorError(
      text(
        `${basename(name)} 是 Excel 工作簿，不是 CSV。请在 Excel 中选择“另存为”，类型选“CSV UTF-8（逗号分隔）”，再导入。`,
        `${basename(name)} is an Excel workbook, not a CSV. In Excel choose Save As, type "CSV UTF-8 (comma delimited)", and import that.`,
      ),
    );
}
