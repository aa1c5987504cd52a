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

/** Four decimal numbers and perhaps a prefix, none with zeros in front. */
const ipv4 = /^(0|[1-9]\d*)(\.(0|[1-9]\d*)){3}(\/|$)/;

/**
 * Whether a text is an IP address or a CIDR range. ipaddr.js also reads 10.1 as 10.0.0.1 and 10.0.0.010 as 10.0.0.8, as
 * inet_aton does: where people write lists, that is a slip of the pen. A zone, as in fe80::1%eth0, has a meaning on one
 * machine only, and no range that PostgreSQL keeps.
 */
export function isAddressOrRange(entry: string): boolean {
  if (entry.includes(":") ? entry.includes("%") : !ipv4.test(entry)) return false;
  return entry.includes("/") ? ipaddr.isValidCIDR(entry) : ipaddr.isValid(entry);
}

/** Whether `address` is in the list. An IPv4 address that arrives mapped into IPv6 is the IPv4 address. */
export function isListed(address: string, list: AddressList): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return list.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits));
}
