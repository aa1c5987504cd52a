import { type Logger as PinoLogger, pino } from "pino";

export type Logger = PinoLogger;

/**
 * JSON lines on stdout. What must never be logged is censored wherever it appears, although nothing here logs it on
 * purpose: secrets, signatures, keys and connection strings.
 */
export function createLogger(level: string, destination?: NodeJS.WritableStream): Logger {
  const secretNames = ["sign", "secret", "client_secret", "clientSecret", "masterKey", "password", "connectionString"];
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: "[redacted]",
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
