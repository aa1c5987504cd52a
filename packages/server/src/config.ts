import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { isAddressOrRange } from "./address-list.ts";
import { OperatorError } from "./errors.ts";
import { type Text, text } from "./text.ts";

/** What the platform is told from outside. Only this file reads the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
  readonly masterKey: string | undefined;
  readonly timeZone: string;
  readonly workers: number;
  readonly logLevel: string;
  readonly trustProxy: readonly string[];
  /** Scheme and host, as a browser has them. */
  readonly publicUrl: string | undefined;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly dbConnections: number;
  readonly ratePerSecond: number;
  readonly failuresPerMinute: number;
  /** Undefined: as it goes without saying, see the variable. */
  readonly demo: boolean | undefined;
  readonly drainTimeoutMs: number;
  readonly callLogDays: number;
  readonly uploadMaxMb: number;
}

interface Variable<T> {
  readonly name: string;
  /** As it would be written in the environment; shown in the documentation. */
  readonly default: string;
  readonly parse: (value: string) => T | Text;
  readonly doc: Text;
}

function isText(value: unknown): value is Text {
  return typeof value === "object" && value !== null && "zh" in value && "en" in value;
}

function integer(min: number, max: number) {
  return (value: string): number | Text => {
    const number = Number(value);
    return /^\d+$/.test(value) && number >= min && number <= max
      ? number
      : text(`应为 ${min} 到 ${max} 之间的整数`, `must be a whole number from ${min} to ${max}`);
  };
}

function databaseUrl(value: string): string | undefined | Text {
  if (value === "") return undefined;
  return /^postgres(ql)?:\/\/./.test(value)
    ? value
    : text(
        "应形如 postgresql://用户:密码@主机:5432/数据库",
        "must be like postgresql://user:password@host:5432/database",
      );
}

/** The keys themselves are read where they are used; here a wrong one is told of beside everything else that is wrong. */
function masterKey(value: string): string | undefined | Text {
  if (value === "") return undefined;
  return value.split(",").every((key) => Buffer.from(key.trim(), "base64").length === 32)
    ? value
    : text(
        "每个主密钥应为 32 字节的 Base64，可用 openssl rand -base64 32 生成",
        "each key must be 32 bytes in Base64, as openssl rand -base64 32 makes",
      );
}

function timeZone(value: string): string | Text {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone;
  } catch {
    return text("应为 IANA 时区名，例如 Asia/Shanghai", "must be an IANA time zone, such as Asia/Shanghai");
  }
}

function addresses(value: string): readonly string[] | Text {
  const list = value
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const wrong = list.find((part) => !isAddressOrRange(part));
  return wrong === undefined
    ? list
    : text(`“${wrong}” 不是 IP 地址或网段`, `"${wrong}" is neither an IP address nor a CIDR range`);
}

function publicUrl(value: string): string | undefined | Text {
  if (value === "") return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
    ? url.origin
    : text(
        "应为不带路径的地址，例如 https://iot.example.com",
        "must be an address without a path, such as https://iot.example.com",
      );
}

function oneOf<const T extends string>(...values: readonly T[]) {
  return (value: string): T | Text =>
    values.find((allowed) => allowed === value) ??
    text(`应为下列之一：${values.join("、")}`, `must be one of ${values.join(", ")}`);
}

function flag(value: string): boolean | undefined | Text {
  if (value === "") return undefined;
  return value === "true" || value === "false" ? value === "true" : text("应为 true 或 false", "must be true or false");
}

/** Every variable, in the order of the documentation, which is made from this table. */
export const variables = {
  host: {
    name: "HOST",
    default: "127.0.0.1",
    parse: (value: string): string => value,
    doc: text(
      "监听地址；对外服务或在容器中请设为 0.0.0.0 或 ::",
      "Address to listen on; 0.0.0.0 or :: to be reached from outside or in a container",
    ),
  },
  port: {
    name: "PORT",
    default: "8080",
    parse: integer(0, 65535),
    doc: text("监听端口；0 表示由系统分配", "Port to listen on; 0 takes any free one"),
  },
  databaseUrl: {
    name: "DATABASE_URL",
    default: "",
    parse: databaseUrl,
    doc: text(
      "您自己的 PostgreSQL（15 或更新）；不设则使用内置的",
      "A PostgreSQL of your own, 15 or newer; without it the embedded one is used",
    ),
  },
  dataDir: {
    name: "DKS_DATA_DIR",
    default: "./data",
    parse: (value: string): string => resolve(value),
    doc: text("内置 PostgreSQL 与主密钥所在的目录", "Directory of the embedded PostgreSQL and the master key"),
  },
  masterKey: {
    name: "DKS_MASTER_KEY",
    default: "",
    parse: masterKey,
    doc: text(
      "加密各客户端密钥的主密钥：32 字节的 Base64；轮换期间可写多个，用逗号分隔，新的在前。不设则使用数据目录中的 master.key",
      "Master key that seals the clients' secrets: 32 bytes in Base64; during a rotation several, comma-separated, the newest first. Without it, master.key in the data directory",
    ),
  },
  timeZone: {
    name: "DKS_TIMEZONE",
    default: "Asia/Shanghai",
    parse: timeZone,
    doc: text("账期与日期所用的 IANA 时区", "IANA time zone of billing months and days"),
  },
  workers: {
    name: "DKS_WORKERS",
    default: "1",
    parse: integer(1, 256),
    doc: text("处理请求的进程数", "Number of processes that answer requests"),
  },
  logLevel: {
    name: "DKS_LOG_LEVEL",
    default: "info",
    parse: oneOf("fatal", "error", "warn", "info", "debug", "trace", "silent"),
    doc: text(
      "日志级别：fatal、error、warn、info、debug、trace、silent",
      "Log level: fatal, error, warn, info, debug, trace or silent",
    ),
  },
  trustProxy: {
    name: "DKS_TRUST_PROXY",
    default: "",
    parse: addresses,
    doc: text(
      "反向代理的 IP 或网段，逗号分隔；只有来自它们的 X-Forwarded-For 才被采信",
      "IPs or CIDR ranges of your reverse proxies, comma-separated; X-Forwarded-For is believed from these only",
    ),
  },
  publicUrl: {
    name: "DKS_PUBLIC_URL",
    default: "",
    parse: publicUrl,
    doc: text(
      "浏览器访问本平台所用的地址，例如 https://iot.example.com；以 https 开头时，管理控制台的 Cookie 只经 TLS 发送。不设则以请求中的地址为准",
      "Where browsers reach this platform, such as https://iot.example.com; if it begins with https, the console's cookies travel by TLS only. Without it, what each request says",
    ),
  },
  metricsHost: {
    name: "DKS_METRICS_HOST",
    default: "127.0.0.1",
    parse: (value: string): string => value,
    doc: text("/metrics 的监听地址", "Address that /metrics is served on"),
  },
  metricsPort: {
    name: "DKS_METRICS_PORT",
    default: "9464",
    parse: integer(0, 65535),
    doc: text("/metrics 的监听端口；0 表示由系统分配", "Port that /metrics is served on; 0 takes any free one"),
  },
  dbConnections: {
    name: "DKS_DB_CONNECTIONS",
    default: "8",
    parse: integer(2, 500),
    doc: text("每个进程最多使用的数据库连接数", "Database connections that each process may use"),
  },
  ratePerSecond: {
    name: "DKS_RATE_PER_SECOND",
    default: "100",
    parse: integer(1, 1_000_000),
    doc: text("客户端未单独设置时，每秒最多调用次数", "Calls a second for a client that has no limit of its own"),
  },
  failuresPerMinute: {
    name: "DKS_FAILURES_PER_MINUTE",
    default: "120",
    parse: integer(1, 1_000_000),
    doc: text(
      "每个 IP 每分钟最多的验签失败次数，各进程分别计数，超出后不再给出诊断；签名正确的调用不受影响",
      "Failed authentications a minute for each IP, counted in each process by itself, after which no diagnosis is given; correctly signed calls are not affected",
    ),
  },
  demo: {
    name: "DKS_DEMO",
    default: "",
    parse: flag,
    doc: text(
      "是否在空库中创建演示数据；不设时，内置数据库创建，DATABASE_URL 不创建",
      "Whether to create the demo data in an empty database; by default in the embedded one only",
    ),
  },
  drainTimeoutMs: {
    name: "DKS_DRAIN_TIMEOUT_MS",
    default: "10000",
    parse: integer(0, 600_000),
    doc: text("停止时等待处理中请求的毫秒数", "Milliseconds that requests in flight are waited for on a stop"),
  },
  callLogDays: {
    name: "DKS_CALL_LOG_DAYS",
    default: "30",
    parse: integer(0, 366),
    doc: text("调用日志保留的天数；0 表示不记录", "Days that the call log is kept; 0 keeps none"),
  },
  uploadMaxMb: {
    name: "DKS_UPLOAD_MAX_MB",
    default: "1024",
    parse: integer(1, 1_048_576),
    doc: text(
      "控制台导入的文件最多多少 MB；文件保留 7 天，占用数据库空间",
      "Megabytes that a file may have which is imported in the console; it is kept in the database for 7 days",
    ),
  },
} satisfies { [Name in keyof Config]: Variable<Config[Name]> };

/**
 * Reads the configuration from `environment` (and a file `.env` in the working directory, which never overrides it).
 * Throws an OperatorError that names every variable that is wrong, not only the first.
 */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const problems: { name: string; value: string; problem: Text }[] = [];
  function read<T>(variable: Variable<T>): T {
    const value = environment[variable.name]?.trim() || variable.default;
    const parsed = variable.parse(value);
    if (!isText(parsed)) return parsed;
    problems.push({ name: variable.name, value, problem: parsed });
    // Never used: the problem is thrown below. The default of every variable parses, which a test holds.
    return variable.parse(variable.default) as T;
  }
  const config: Config = {
    host: read(variables.host),
    port: read(variables.port),
    databaseUrl: read(variables.databaseUrl),
    dataDir: read(variables.dataDir),
    masterKey: read(variables.masterKey),
    timeZone: read(variables.timeZone),
    workers: read(variables.workers),
    logLevel: read(variables.logLevel),
    trustProxy: read(variables.trustProxy),
    publicUrl: read(variables.publicUrl),
    metricsHost: read(variables.metricsHost),
    metricsPort: read(variables.metricsPort),
    dbConnections: read(variables.dbConnections),
    ratePerSecond: read(variables.ratePerSecond),
    failuresPerMinute: read(variables.failuresPerMinute),
    demo: read(variables.demo),
    drainTimeoutMs: read(variables.drainTimeoutMs),
    callLogDays: read(variables.callLogDays),
    uploadMaxMb: read(variables.uploadMaxMb),
  };
  if (problems.length > 0)
    throw new OperatorError(
      text(
        [
          "配置有误：",
          ...problems.map(({ name, value, problem }) => `  ${name}=${shown(name, value)}：${problem.zh}`),
        ].join("\n"),
        [
          "The configuration is wrong:",
          ...problems.map(({ name, value, problem }) => `  ${name}=${shown(name, value)}: ${problem.en}`),
        ].join("\n"),
      ),
    );
  return config;
}

/** A connection string and a key are secrets even when they are wrong. */
function shown(name: string, value: string): string {
  return name === "DATABASE_URL" || name === "DKS_MASTER_KEY" ? "…" : value;
}

/**
 * Adds the variables of a file `.env` in the working directory to the environment, those it has already excepted. Throws an
 * OperatorError for one that cannot be read: without it the server would silently start on other data.
 */
export function loadDotEnv(): void {
  if (!existsSync(".env")) return;
  // Node's own loadEnvFile takes the mark that Windows puts before the first name for a part of it.
  for (const [name, value] of Object.entries(parseEnv(readDotEnv().replace(/^\u{feff}/u, ""))))
    process.env[name] ??= value;
}

function readDotEnv(): string {
  let content: string;
  try {
    content = readFileSync(".env", "utf8");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new OperatorError(
      text(
        `无法读取当前目录中的 .env（${reason}）。请修改其权限，或换用可以读取它的用户运行。`,
        `The file .env in the working directory cannot be read (${reason}). Change its permissions, or run as a user who may read it.`,
      ),
      cause,
    );
  }
  if (content.includes("\0"))
    throw new OperatorError(
      text(
        "当前目录中的 .env 不是 UTF-8 文本，请另存为 UTF-8。",
        "The file .env in the working directory is not UTF-8 text: save it as UTF-8.",
      ),
    );
  return content;
}

/** Of the people at the terminal: Chinese where the locale says so. */
export function terminalLanguage(environment: NodeJS.ProcessEnv = process.env): "zh" | "en" {
  const locale = environment["LC_ALL"] || environment["LC_MESSAGES"] || environment["LANG"] || "";
  return locale.startsWith("zh") ? "zh" : "en";
}
