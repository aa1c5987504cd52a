import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A parsed set of addresses and ranges. */
export type AddressList = readonly [Address, number][];

/** Parses addresses and CIDR ranges, each of which must be valid. */
export function parseAddressList(list: readonly string[]): AddressList {
  return list.map((entry) => {
    if (entry.includes("/")) return ipv4Range(ipaddr.parseCIDR(entry));
    const address = ipaddr.process(entry);
    return [address, address.kind() === "ipv4" ? 32 : 128];
  });
}

/** A range of IPv4 addresses mapped into IPv6 as the IPv4 range, which callers are compared with. */
function ipv4Range([address, bits]: [Address, number]): [Address, number] {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96
    ? [address.toIPv4Address(), bits - 96]
    : [address, bits];
}

/** Whether `address` is in the list. An IPv4 address that arrives mapped into IPv6 is the IPv4 address. */
export function isListed(address: string, list: AddressList): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return list.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits));
}

/**
 * The address a call comes from, as text. What X-Forwarded-For says is believed as far as trusted proxies wrote it:
 * read from the right, the first address that is not one of them is the caller's.
 */
export function clientAddress(request: IncomingMessage, trusted: AddressList): string {
  let address = normal(request.socket.remoteAddress ?? "");
  if (trusted.length === 0) return address;
  const header = request.headers["x-forwarded-for"];
  const hops = (typeof header === "string" ? header : "").split(",").map((hop) => hop.trim());
  while (isListed(address, trusted)) {
    const hop = hops.pop();
    if (hop === undefined || !ipaddr.isValid(hop)) return address;
    address = normal(hop);
  }
  return address;
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
