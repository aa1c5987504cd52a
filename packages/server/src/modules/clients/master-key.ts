import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { link, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";

/** The keys that seal the clients' secrets. They live outside the database, so that a copy of it gives no secret away. */
export interface MasterKeys {
  /** The id of the key that seals from now on. */
  readonly currentId: string;
  seal(secret: string, clientId: string): Sealed;
  /** Throws an OperatorError when the key of that id is not at hand. */
  open(sealed: Sealed, clientId: string): string;
  /**
   * Keys for something else, one from each master key as they are now, the newest first. The same purpose gives the same
   * keys everywhere; neither the master key nor another purpose's keys follow from them.
   */
  derive(purpose: string): readonly [DerivedKey, ...DerivedKey[]];
}

export interface DerivedKey {
  /** The id of the master key that it was derived from. */
  readonly keyId: string;
  /** 32 bytes in hexadecimal. */
  readonly key: string;
}

export interface Sealed {
  readonly sealed: Buffer;
  readonly keyId: string;
}

const nonceBytes = 12;
const tagBytes = 16;

/** The newest first. */
type Keys = readonly [Buffer, ...Buffer[]];

/**
 * The client's id is bound into what is sealed, so that a row copied to another client does not open. `reread` gives the
 * keys as they are now: a rotation beside a running server seals under a key that this process has not seen.
 */
export function createMasterKeys(keys: Keys, reread: () => Keys = () => keys): MasterKeys {
  const byId = new Map(keys.map((key) => [keyId(key), key]));
  const [current] = keys;
  return {
    currentId: keyId(current),
    seal(secret, clientId) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv("aes-256-gcm", current, nonce);
      cipher.setAAD(Buffer.from(clientId));
      const sealed = Buffer.concat([nonce, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
      return { sealed, keyId: keyId(current) };
    },
    open({ sealed, keyId: id }, clientId) {
      if (!byId.has(id)) for (const key of reread()) byId.set(keyId(key), key);
      const key = byId.get(id);
      if (key === undefined)
        throw new OperatorError(
          text(
            `客户端 ${clientId} 的密钥由主密钥 ${id} 加密，而当前没有该主密钥。请在 DKS_MASTER_KEY（或 master.key）中补上它。`,
            `The secret of client ${clientId} is sealed under master key ${id}, which is not at hand. Add it to DKS_MASTER_KEY (or master.key).`,
          ),
        );
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      });
      decipher.setAAD(Buffer.from(clientId));
      decipher.setAuthTag(sealed.subarray(-tagBytes));
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]).toString(
        "utf8",
      );
    },
    derive(purpose) {
      const derived = (key: Buffer): DerivedKey => ({
        keyId: keyId(key),
        key: Buffer.from(hkdfSync("sha256", key, "", purpose, 32)).toString("hex"),
      });
      const [newest, ...others] = reread();
      return [derived(newest), ...others.map(derived)];
    },
  };
}

function keyId(key: Buffer): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 8);
}

/** The keys from DKS_MASTER_KEY or, without it, from `master.key` in the data directory, which is made if missing. */
export async function loadMasterKeys(fromEnvironment: string | undefined, dataDir: string): Promise<MasterKeys> {
  if (fromEnvironment !== undefined) return createMasterKeys(parseKeys(fromEnvironment.split(","), "DKS_MASTER_KEY"));
  const file = keyFile(dataDir);
  if (!existsSync(file)) await orUnusable(file, createKeyFile(file));
  const read = (): Keys => parseKeys(readKeyFile(file).trim().split("\n"), file);
  return createMasterKeys(read(), read);
}

/**
 * Puts a new key before those in `master.key`; from then on it seals. The old ones stay, for a process that sealed with
 * one of them just now.
 */
export async function addKeyToFile(dataDir: string): Promise<void> {
  const file = keyFile(dataDir);
  // Only a file that is not there has no keys: one that cannot be read has the only ones that open the secrets.
  const content = existsSync(file) ? readKeyFile(file) : "";
  await orUnusable(file, replaceKeyFile(dataDir, `${newKey()}\n${content}`));
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unusable(file, cause);
  }
}

async function orUnusable(file: string, work: Promise<void>): Promise<void> {
  await work.catch((cause: unknown) => {
    throw unusable(file, cause);
  });
}

function unusable(file: string, cause: unknown): OperatorError {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new OperatorError(
    text(
      `主密钥文件 ${file} 无法读写（${reason}）。请修改它及其目录的权限，或用环境变量 DKS_MASTER_KEY 指定主密钥。`,
      `The master key's file ${file} cannot be read or written (${reason}). Change its permissions and its directory's, or give the key in DKS_MASTER_KEY.`,
    ),
    cause,
  );
}

function keyFile(dataDir: string): string {
  return join(dataDir, "master.key");
}

function newKey(): string {
  return randomBytes(32).toString("base64");
}

/** Written aside and linked into place: of two processes that start at once, both end up with the same key. */
async function createKeyFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  // Not the process id: two containers that share the directory may both be process 1.
  const aside = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(aside, `${newKey()}\n`, { mode: 0o600 });
  await link(aside, file).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  await rm(aside);
}

async function replaceKeyFile(dataDir: string, content: string): Promise<void> {
  const file = keyFile(dataDir);
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function parseKeys(encoded: readonly string[], where: string): Keys {
  const [first, ...rest] = encoded.map((part) => {
    const key = Buffer.from(part.trim(), "base64");
    if (key.length !== 32)
      throw new OperatorError(
        text(
          `${where} 中的主密钥应为 32 字节的 Base64，可用 openssl rand -base64 32 生成。`,
          `A master key in ${where} must be 32 bytes in Base64, as openssl rand -base64 32 makes.`,
        ),
      );
    return key;
  });
  if (first === undefined) return parseKeys([""], where);
  return [first, ...rest];
}
