import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig, terminalLanguage, variables } from "./config.ts";
import { OperatorError } from "./errors.ts";

function problems(environment: Record<string, string>): OperatorError {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the configuration", () => {
  it("is complete without any variable", () => {
    expect(readConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      databaseUrl: undefined,
      dataDir: resolve("data"),
      masterKey: undefined,
      timeZone: "Asia/Shanghai",
      workers: 1,
      trustProxy: [],
      demo: undefined,
    });
  });

  it("takes an empty variable for one that is not set, and white space around a value for nothing", () => {
    expect(readConfig({ PORT: "", DKS_WORKERS: " 4 " })).toMatchObject({ port: 8080, workers: 4 });
  });

  it.each(Object.values(variables))("has a default for $name that it accepts itself", ({ name, default: value }) => {
    expect(() => readConfig({ [name]: value })).not.toThrow();
  });

  it.each([
    ["PORT", "65536"],
    ["PORT", "80a"],
    ["PORT", "-1"],
    ["PORT", "8080.5"],
    ["DKS_WORKERS", "0"],
    ["DKS_TIMEZONE", "Shanghai"],
    ["DKS_TRUST_PROXY", "10.0.0.0/8,nginx"],
    ["DKS_TRUST_PROXY", "10"],
    ["DKS_LOG_LEVEL", "verbose"],
    ["DKS_DEMO", "yes"],
    ["DATABASE_URL", "localhost:5432"],
    ["DKS_MASTER_KEY", "c2hvcnQ="],
    ["DKS_MASTER_KEY", `${Buffer.alloc(32).toString("base64")},`],
  ])("refuses %s=%s by name, in both languages", (name, value) => {
    const { text } = problems({ [name]: value });
    expect(text.zh).toContain(`${name}=`);
    expect(text.en).toContain(`${name}=`);
  });

  it("names every problem at once", () => {
    const { en } = problems({ PORT: "x", DKS_WORKERS: "x", DKS_TIMEZONE: "x" }).text;
    for (const name of ["PORT", "DKS_WORKERS", "DKS_TIMEZONE"]) expect(en).toContain(name);
  });

  it("never prints a connection string, nor a key", () => {
    const { text } = problems({ DATABASE_URL: "mysql://root:hunter2@db", DKS_MASTER_KEY: "hunter2" });
    expect(text.en + text.zh).not.toContain("hunter2");
  });
});

describe("the terminal's language", () => {
  it("is Chinese where the locale is, and LC_ALL goes before LANG", () => {
    expect(terminalLanguage({ LANG: "zh_CN.UTF-8" })).toBe("zh");
    expect(terminalLanguage({ LANG: "zh_CN.UTF-8", LC_ALL: "C" })).toBe("en");
    expect(terminalLanguage({})).toBe("en");
  });
});
