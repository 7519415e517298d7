import { isIPv4, isIPv6 } from "node:net";
import { networkError } from "../errors.ts";

/** An address of IPv4 or IPv6 as a number. */
export type IpAddress = { readonly family: 4 | 6; readonly value: bigint };

/** A range of addresses that share their first bits. `base` has no bit set after them. */
export type Subnet = { readonly base: IpAddress; readonly prefix: number };

/** Bits of an address. */
export function bitsOf(family: 4 | 6): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** @throws NETWORK_ADDRESS */
export function parseIp(text: string): IpAddress {
  if (isIPv4(text)) return { family: 4, value: fromBytes(text.split(".").map(Number)) };
  if (isIPv6(text) && !text.includes("%")) return { family: 6, value: fromBytes(bytesOfIpv6(text)) };
  throw networkError("ADDRESS", `"${text}" is no address of IPv4 or IPv6`);
}

/** Reads `172.17.0.0/16`. Bits after the prefix are refused, or with `loose` cut off. @throws NETWORK_ADDRESS */
export function parseSubnet(text: string, options: { readonly loose?: boolean } = {}): Subnet {
  const [address = "", length = "", ...more] = text.split("/");
  const ip = parseIp(address);
  const prefix = /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (more.length > 0 || !(prefix <= bitsOf(ip.family))) {
    throw networkError("ADDRESS", `"${text}" is no subnet`, { hint: "write it like 172.20.0.0/16" });
  }
  const subnet = subnetOf(ip, prefix);
  if (subnet.base.value !== ip.value && options.loose !== true) {
    throw networkError("ADDRESS", `"${text}" is no subnet: it has bits after its prefix`, {
      hint: `did you mean ${formatSubnet(subnet)}?`,
    });
  }
  return subnet;
}

/** The subnet of that prefix length that an address lies in. */
export function subnetOf({ family, value }: IpAddress, prefix: number): Subnet {
  const rest = BigInt(bitsOf(family) - prefix);
  return { base: { family, value: (value >> rest) << rest }, prefix };
}

/** How many addresses a subnet has. */
export function sizeOf({ base, prefix }: Subnet): bigint {
  return 1n << BigInt(bitsOf(base.family) - prefix);
}

export function contains(subnet: Subnet, { family, value }: IpAddress): boolean {
  const { base } = subnet;
  return family === base.family && value >= base.value && value < base.value + sizeOf(subnet);
}

/** Whether two subnets have an address in common. */
export function overlap(a: Subnet, b: Subnet): boolean {
  return contains(a, b.base) || contains(b, a.base);
}

/** The n-th address of a subnet; the first is number 0. */
export function addressAt({ base }: Subnet, index: bigint): IpAddress {
  return { family: base.family, value: base.value + index };
}

/** In network order, 4 or 16 bytes. */
export function ipBytes({ family, value }: IpAddress): Buffer {
  return Buffer.from(value.toString(16).padStart(bitsOf(family) / 4, "0"), "hex");
}

/** As people write it; IPv6 in the form of RFC 5952 (https://www.rfc-editor.org/rfc/rfc5952#section-4). */
export function formatIp(ip: IpAddress): string {
  const bytes = ipBytes(ip);
  if (ip.family === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  const zeros = longestZeros(groups);
  if (zeros === undefined) return groups.join(":");
  return `${groups.slice(0, zeros.start).join(":")}::${groups.slice(zeros.end).join(":")}`;
}

export function formatSubnet({ base, prefix }: Subnet): string {
  return `${formatIp(base)}/${prefix}`;
}

/** The longest run of at least two zero groups, the first of several. */
function longestZeros(groups: readonly string[]): { start: number; end: number } | undefined {
  let best: { start: number; end: number } | undefined;
  for (let start = 0; start < groups.length; start += 1) {
    let end = start;
    while (groups[end] === "0") end += 1;
    if (end - start >= 2 && end - start > (best === undefined ? 0 : best.end - best.start))
      best = { start, end };
    start = Math.max(start, end - 1);
  }
  return best;
}

function fromBytes(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The text is known to be an address. */
function bytesOfIpv6(text: string): number[] {
  const [before = "", after] = text.split("::");
  const head = groupBytes(before);
  const tail = after === undefined ? [] : groupBytes(after);
  return [...head, ...Array<number>(16 - head.length - tail.length).fill(0), ...tail];
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
