import { describe, expect, test } from "vitest";
import { type ClientOptions, createClient } from "../src/index.ts";
import { clientId, clientSecret } from "./peer.ts";

const valid = { baseUrl: "https://api.example.com", clientId, clientSecret };

describe("options that are wrong are refused by name", () => {
  test.each<[string, object, RegExp]>([
    ["no baseUrl", { baseUrl: undefined }, /^baseUrl is not an address/],
    ["a baseUrl that is not a URL", { baseUrl: "api.example.com" }, /^baseUrl is not an address/],
    ["a baseUrl without a scheme", { baseUrl: "localhost:8080" }, /starts with http:\/\/ or https:\/\//],
    ["a baseUrl with a password", { baseUrl: "https://u:p@example.com" }, /^baseUrl contains a user name/],
    ["a baseUrl with a query", { baseUrl: "https://example.com/?a=1" }, /^baseUrl contains "\?"/],
    ["no clientId", { clientId: undefined }, /^clientId is malformed/],
    ["a clientId in upper case", { clientId: clientId.toUpperCase() }, /^clientId is malformed/],
    ["a clientId that is too short", { clientId: "iot123" }, /"iot" followed by 20/],
    ["no secret", { clientSecret: undefined }, /^clientSecret is empty/],
    ["an empty secret", { clientSecret: "" }, /^clientSecret is empty/],
    ["a secret with a space before it", { clientSecret: " s3cr3t" }, /^clientSecret begins or ends with white space/],
    ["a secret with a line break after it", { clientSecret: "s3cr3t\n" }, /^clientSecret begins or ends/],
    ["no time-out", { timeoutMs: 0 }, /^timeoutMs is 0: give whole milliseconds from 1/],
    ["a negative time-out", { timeoutMs: -1 }, /^timeoutMs is -1/],
    ["an endless time-out", { timeoutMs: Infinity }, /^timeoutMs is Infinity/],
    ["a time-out that timers cannot count", { timeoutMs: 2 ** 31 }, /^timeoutMs is 2147483648/],
    ["negative retries", { retriesMax: -1 }, /^retriesMax is -1: give a whole number, 0 for no retries/],
    ["half a retry", { retriesMax: 0.5 }, /^retriesMax is 0\.5/],
    ["an unknown language", { language: "de" }, /^language is "de": give "zh" or "en"/],
  ])("%s", (_case, wrong, message) => {
    // Wrong types on purpose, as a caller without a type checker may pass them.
    const options = { ...valid, ...wrong } as ClientOptions;
    expect(() => createClient(options)).toThrow(TypeError);
    expect(() => createClient(options)).toThrow(message);
    expect(() => createClient(options)).not.toThrow(/s3cr3t/);
  });
});

test("options that are given as undefined have their defaults", () => {
  expect(() =>
    createClient({ ...valid, timeoutMs: undefined, retriesMax: undefined, language: undefined }),
  ).not.toThrow();
});
