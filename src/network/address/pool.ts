import { networkError } from "../errors.ts";
import type { AddressPool } from "../model.ts";
import {
  addressAt,
  bitsOf,
  contains,
  formatIp,
  formatSubnet,
  type IpAddress,
  overlap,
  parseIp,
  parseSubnet,
  type Subnet,
  sizeOf,
} from "./ip.ts";

/** Subnets for networks that name none, in the order they are tried: those that Docker takes, and then smaller ones. */
function* privateSubnets(): Generator<Subnet> {
  for (let second = 17; second <= 31; second += 1) yield parseSubnet(`172.${second}.0.0/16`);
  for (let third = 0; third < 256; third += 16) yield parseSubnet(`192.168.${third}.0/20`);
}

/**
 * The first private IPv4 subnet that overlaps none of those given.
 *
 * @throws NETWORK_EXHAUSTED
 */
export function freeSubnet(taken: readonly Subnet[]): Subnet {
  for (const subnet of privateSubnets()) if (!taken.some((other) => overlap(subnet, other))) return subnet;
  throw networkError("EXHAUSTED", "all private subnets are taken by networks or routes of this machine", {
    hint: "remove networks that are not used, or name a subnet: --subnet 10.20.0.0/24",
  });
}

/**
 * A unique local IPv6 subnet that follows from a network's id, as random as that.
 * Source: https://www.rfc-editor.org/rfc/rfc4193#section-3.1
 */
export function uniqueLocalSubnet(id: string): Subnet {
  const digits = `fd${id.slice(0, 14)}`.match(/.{4}/g) ?? [];
  return parseSubnet(`${digits.join(":")}::/64`, { loose: true });
}

/**
 * Completes a pool: the first address of the subnet is the gateway where none is named, if it needs one.
 *
 * @throws NETWORK_ADDRESS where range, gateway or a reserved address lie outside of the subnet, or the subnet is too small
 */
export function completePool(
  subnet: Subnet,
  wanted: Omit<AddressPool, "subnet">,
  { needsGateway = true }: { readonly needsGateway?: boolean } = {},
): AddressPool {
  const text = formatSubnet(subnet);
  if (bitsOf(subnet.base.family) - subnet.prefix < 2) {
    throw networkError("ADDRESS", `subnet ${text} is too small for a network`, {
      hint: "take a /30 or larger",
    });
  }
  const own = needsGateway ? addressAt(subnet, 1n) : undefined;
  const gateway = wanted.gateway === undefined ? own : parseIp(wanted.gateway);
  const range = wanted.range === undefined ? undefined : parseSubnet(wanted.range, { loose: true });
  if (gateway !== undefined && !contains(subnet, gateway)) {
    throw networkError("ADDRESS", `gateway ${formatIp(gateway)} does not lie in subnet ${text}`);
  }
  if (range !== undefined && !(contains(subnet, range.base) && range.prefix >= subnet.prefix)) {
    throw networkError("ADDRESS", `range ${formatSubnet(range)} does not lie in subnet ${text}`);
  }
  const reserved = Object.entries(wanted.reserved ?? {}).map(([name, address]) => {
    const ip = parseIp(address);
    if (contains(subnet, ip)) return [name, formatIp(ip)] as const;
    throw networkError("ADDRESS", `reserved address ${address} does not lie in subnet ${text}`);
  });
  return {
    subnet: text,
    ...(gateway !== undefined && { gateway: formatIp(gateway) }),
    ...(range !== undefined && { range: formatSubnet(range) }),
    ...(reserved.length > 0 && { reserved: Object.fromEntries(reserved) }),
  };
}

/**
 * The lowest address of a pool that is free, or the one that is wanted. Where no gateway is known, the first address of the
 * subnet is only given to those who want it: it is most often that of a router.
 *
 * @param taken addresses in use, as text
 * @throws NETWORK_EXHAUSTED, NETWORK_ADDRESS where the wanted one lies outside, NETWORK_ADDRESS_TAKEN
 */
export function takeAddress(pool: AddressPool, taken: ReadonlySet<string>, wanted?: string): IpAddress {
  const subnet = parseSubnet(pool.subnet);
  const range = pool.range === undefined ? subnet : parseSubnet(pool.range);
  if (wanted !== undefined) return checkWanted(pool, taken, parseIp(wanted));
  const { gateway = formatIp(addressAt(subnet, 1n)) } = pool;
  const last = addressAt(subnet, sizeOf(subnet) - 1n).value;
  // The last address of an IPv4 subnet is its broadcast address.
  const end = addressAt(range, sizeOf(range) - 1n).value;
  const limit = subnet.base.family === 4 && end === last ? end - 1n : end;
  for (let value = range.base.value; value <= limit; value += 1n) {
    const ip = { family: subnet.base.family, value };
    const text = formatIp(ip);
    if (value !== subnet.base.value && text !== gateway && !isTaken(pool, taken, text)) return ip;
  }
  throw networkError("EXHAUSTED", `subnet ${pool.range ?? pool.subnet} has no free address`, {
    hint: "remove containers that are not used, or make a network with a larger subnet",
  });
}

function checkWanted(pool: AddressPool, taken: ReadonlySet<string>, ip: IpAddress): IpAddress {
  const subnet = parseSubnet(pool.subnet);
  const text = formatIp(ip);
  if (!contains(subnet, ip) || ip.value === subnet.base.value) {
    throw networkError("ADDRESS", `address ${text} does not lie in subnet ${pool.subnet}`);
  }
  if (text === pool.gateway || isTaken(pool, taken, text)) {
    throw networkError("ADDRESS_TAKEN", `address ${text} is already in use`);
  }
  return ip;
}

function isTaken({ reserved = {} }: AddressPool, taken: ReadonlySet<string>, text: string): boolean {
  return taken.has(text) || Object.values(reserved).includes(text);
}
