import { type IpAddress, ipBytes, type Subnet } from "../address/ip.ts";
import {
  compare,
  conntrack,
  ct,
  type Expression,
  family,
  linkName,
  mask,
  meta,
  payload,
} from "./expression.ts";

/** Matches as rules use them: each is a few expressions that leave nothing behind in the registers. */

/** Offsets of addresses in the head of a packet. */
const offsets = { source: { 4: 12, 6: 8 }, destination: { 4: 16, 6: 24 } } as const;

/** Packets that come in by a link, or with `not` by another one. */
export function comesBy(link: string, options: { not?: boolean } = {}): Expression[] {
  return [meta("inputName"), compare(linkName(link), options)];
}

/** Packets that go out by a link, or with `not` by another one. */
export function leavesBy(link: string, options: { not?: boolean } = {}): Expression[] {
  return [meta("outputName"), compare(linkName(link), options)];
}

/** Packets of that version of IP. */
export function ofFamily(version: 4 | 6): Expression[] {
  return [meta("protocolFamily"), compare(Uint8Array.of(version === 4 ? family.IPV4 : family.IPV6))];
}

/** Packets whose source or destination lies in a subnet. */
export function addressIn(end: keyof typeof offsets, { base, prefix }: Subnet): Expression[] {
  const bytes = ipBytes(base);
  return [
    ...ofFamily(base.family),
    payload("network", offsets[end][base.family], bytes.length),
    mask(prefixMask(base, prefix)),
    compare(bytes),
  ];
}

/** Packets to 127.0.0.0/8. Its first byte is looked at before anything else, which is all that there is to do for others. */
export function toLoopback(): Expression[] {
  return [payload("network", offsets.destination[4], 1), compare(Uint8Array.of(127)), ...ofFamily(4)];
}

/** Loads the destination's address into registers. */
export function destinationAddress(version: 4 | 6, to: number): Expression {
  return payload("network", offsets.destination[version], version === 4 ? 4 : 16, to);
}

/** Packets of connections whose state, or whose status, has one of the bits. */
export function connectionHas(key: "state" | "status", bits: number): Expression[] {
  return [ct(key), mask(word(bits)), compare(word(0), { not: true })];
}

/** Packets of connections that were let in, and what belongs to them. */
export function established(): Expression[] {
  return connectionHas("state", conntrack.ESTABLISHED | conntrack.RELATED);
}

/** Packets of connections whose destination we have changed: those to published ports. */
export function published(): Expression[] {
  return connectionHas("status", conntrack.DESTINATION_CHANGED);
}

function prefixMask({ family: version }: IpAddress, prefix: number): Buffer {
  const bytes = Buffer.alloc(version === 4 ? 4 : 16);
  for (let bit = 0; bit < prefix; bit += 1) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bytes;
}

/** A number as registers hold those that the kernel computes with. */
function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
