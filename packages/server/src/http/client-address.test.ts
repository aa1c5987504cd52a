import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isListed, parseAddressList } from "../address-list.ts";
import { clientAddress, failureKey } from "./client-address.ts";

/** A request as it would arrive from a peer; a real one, without its connection. */
function requestFrom(remoteAddress: string, forwardedFor?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  const request = new IncomingMessage(socket);
  if (forwardedFor !== undefined) request.headers["x-forwarded-for"] = forwardedFor;
  return request;
}

const proxies = parseAddressList(["10.0.0.0/8", "fd00::/8", "127.0.0.1"]);

describe("a list of addresses", () => {
  test.each([
    ["203.0.113.7", ["203.0.113.7"]],
    ["203.0.113.7", ["203.0.113.7/32"]],
    ["203.0.113.200", ["198.51.100.1", "203.0.113.0/24"]],
    ["::ffff:203.0.113.7", ["203.0.113.0/24"]],
    ["203.0.113.7", ["::ffff:203.0.113.7"]],
    ["203.0.113.7", ["::ffff:203.0.113.0/120"]],
    ["2001:db8::1", ["2001:db8::1"]],
    ["2001:0DB8:0:0::0:1", ["2001:db8::1"]],
    ["2001:db8:ffff::1", ["2001:db8::/32"]],
    ["198.51.100.1", ["0.0.0.0/0"]],
    ["2001:db8::1", ["::/0"]],
  ])("has %s in %j", (address, list) => {
    expect(isListed(address, parseAddressList(list))).toBe(true);
  });

  test.each([
    ["203.0.113.8", ["203.0.113.7"]],
    ["203.0.114.1", ["203.0.113.0/24"]],
    ["2001:db9::1", ["2001:db8::/32"]],
    ["2001:db8::1", ["0.0.0.0/0"]],
    ["203.0.113.7", ["2001:db8::/32"]],
    ["203.0.113.7", []],
    ["", ["0.0.0.0/0", "::/0"]],
    ["unknown", ["0.0.0.0/0", "::/0"]],
  ])("has not %s in %j", (address, list) => {
    expect(isListed(address, parseAddressList(list))).toBe(false);
  });
});

describe("a call comes from", () => {
  test.each([
    ["its peer, when no proxy is trusted", "10.0.0.1", "203.0.113.7", [], "10.0.0.1"],
    ["its peer, when that is not a trusted proxy", "198.51.100.1", "203.0.113.7", proxies, "198.51.100.1"],
    ["its peer, when the proxy says nothing", "10.0.0.1", undefined, proxies, "10.0.0.1"],
    ["whom the proxy names", "10.0.0.1", "203.0.113.7", proxies, "203.0.113.7"],
    [
      "whom the proxy names, not whom the caller forged before it",
      "10.0.0.1",
      "192.0.2.1, 203.0.113.7",
      proxies,
      "203.0.113.7",
    ],
    [
      "whom the first of several proxies names",
      "10.0.0.1",
      "192.0.2.1,203.0.113.7, 10.0.0.2 , 10.0.0.3",
      proxies,
      "203.0.113.7",
    ],
    [
      "a caller who claims to be behind a trusted proxy: itself",
      "10.0.0.1",
      "192.0.2.1, 10.9.9.9, 203.0.113.7",
      proxies,
      "203.0.113.7",
    ],
    ["the outermost proxy, when all are trusted", "10.0.0.1", "10.0.0.3, 10.0.0.2", proxies, "10.0.0.3"],
    ["the proxy, when what it names is no address", "10.0.0.1", "unknown", proxies, "10.0.0.1"],
    ["the proxy, when it names nothing", "10.0.0.1", "", proxies, "10.0.0.1"],
    ["the proxy, when it names an empty hop", "10.0.0.1", "203.0.113.7,", proxies, "10.0.0.1"],
    ["an IPv4 peer on a dual-stack socket", "::ffff:198.51.100.1", undefined, proxies, "198.51.100.1"],
    ["an IPv4 proxy on a dual-stack socket", "::ffff:10.0.0.1", "203.0.113.7", proxies, "203.0.113.7"],
    ["an IPv6 caller behind an IPv6 proxy", "fd00::1", "2001:db8::7", proxies, "2001:db8::7"],
    ["an IPv4 caller whom the proxy writes with a port", "10.0.0.1", "203.0.113.7:51234", proxies, "203.0.113.7"],
    ["an IPv6 caller whom the proxy writes with a port", "10.0.0.1", "[2001:db8::7]:51234", proxies, "2001:db8::7"],
    ["an IPv6 caller whom the proxy writes in brackets", "10.0.0.1", "[2001:DB8::7]", proxies, "2001:db8::7"],
    [
      "whom several proxies name with ports",
      "10.0.0.1",
      "1.2.3.4:5, 203.0.113.7:6, 10.0.0.2:7",
      proxies,
      "203.0.113.7",
    ],
    ["the proxy, when what it names is a port alone", "10.0.0.1", ":51234", proxies, "10.0.0.1"],
    ["an IPv4 caller whom the proxy writes as IPv6", "10.0.0.1", "::FFFF:203.0.113.7", proxies, "203.0.113.7"],
    ["nowhere known, when the connection is gone", "", undefined, proxies, ""],
  ])("%s", (_name, peer, forwardedFor, trusted, address) => {
    expect(clientAddress(requestFrom(peer, forwardedFor), trusted)).toBe(address);
  });

  test("an untrusted peer always as itself, whatever the header says", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.ipV4(), { maxLength: 4 }).map((hops) => hops.join(", ")),
        ),
        (header) => {
          expect(clientAddress(requestFrom("198.51.100.1", header), proxies)).toBe("198.51.100.1");
        },
      ),
    );
  });

  test("the address that the nearest trusted proxy saw, whatever the caller put before it", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (forged) => {
        expect(clientAddress(requestFrom("10.0.0.1", `${forged}, 203.0.113.7`), proxies)).toBe("203.0.113.7");
      }),
    );
  });
});

describe("failures are counted", () => {
  test("for an IPv4 address by itself", () => {
    expect(failureKey("203.0.113.7")).not.toBe(failureKey("203.0.113.8"));
  });

  test("for an IPv6 address together with its /64", () => {
    expect(failureKey("2001:db8:1:2::1")).toBe(failureKey("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    expect(failureKey("2001:db8:1:2::1")).not.toBe(failureKey("2001:db8:1:3::1"));
  });

  test("for what is no address as it is", () => {
    expect(failureKey("")).toBe("");
    expect(failureKey("a:b")).toBe("a:b");
  });
});
