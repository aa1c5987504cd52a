import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";
import { type AddressList, isListed } from "../address-list.ts";

/**
 * The address a call comes from, as text. What X-Forwarded-For says is believed as far as trusted proxies wrote it:
 * read from the right, the first address that is not one of them is the caller's.
 */
export function clientAddress(request: IncomingMessage, trusted: AddressList): string {
  let address = normal(request.socket.remoteAddress ?? "");
  if (trusted.length === 0) return address;
  const header = request.headers["x-forwarded-for"];
  const hops = (typeof header === "string" ? header : "").split(",").map(withoutPort);
  while (isListed(address, trusted)) {
    const hop = hops.pop();
    if (hop === undefined || !ipaddr.isValid(hop)) return address;
    address = normal(hop);
  }
  return address;
}

/** Some proxies, Azure's and IIS among them, write the caller's port behind its address, and IPv6 in brackets. */
function withoutPort(hop: string): string {
  const trimmed = hop.trim();
  const [, ipv4, ipv6] = /^(?:([\d.]+):\d+|\[([^\]]*)\](?::\d+)?)$/.exec(trimmed) ?? [];
  return ipv4 ?? ipv6 ?? trimmed;
}

/** What failures are counted under: an IPv6 caller commands a whole /64, so that is what it is counted as. */
export function failureKey(address: string): string {
  if (!address.includes(":") || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.parse(address);
  return parsed.kind() === "ipv6" ? parsed.toByteArray().slice(0, 8).join(".") : address;
}

/** One spelling for each address: an IPv4 address mapped into IPv6 as IPv4, IPv6 as RFC 5952 writes it. */
function normal(address: string): string {
  return address.includes(":") && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}
