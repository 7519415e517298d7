import { type Attribute, attribute as a } from "../netlink/attribute.ts";

/**
 * The expressions that rules consist of. Each reads or writes the 32-bit registers of the packet that is being judged;
 * one that does not match ends its rule. Source: include/uapi/linux/netfilter/nf_tables.h.
 */
export type Expression = { readonly name: string; readonly data: readonly Attribute[] };

/** The first of the 32-bit registers; a value of n bytes takes as many as it needs. */
const FIRST_REGISTER = 8;
const DATA_VALUE = 1;
const DATA_VERDICT = 2;
const VERDICT_REGISTER = 0;

/** Number of a 32-bit register, counted from 0. */
function register(index: number): number {
  return FIRST_REGISTER + index;
}

const metaKeys = { mark: 3, inputName: 6, outputName: 7, protocolFamily: 15, layer4Protocol: 16 } as const;
const conntrackKeys = { state: 0, status: 2 } as const;
const bases = { network: 1, transport: 2 } as const;
const verdicts = { drop: 0, accept: 1, return: -5, jump: -3 } as const;

/** Bits of `ct state` and `ct status`. */
export const conntrack = { ESTABLISHED: 2, RELATED: 4, NEW: 8, DESTINATION_CHANGED: 32 } as const;

/** Protocol families as `meta nfproto` and tables name them. */
export const family = { INET: 1, IPV4: 2, IPV6: 10 } as const;

/** Loads something about the packet into a register. */
export function meta(key: keyof typeof metaKeys, to = 0): Expression {
  return expression("meta", a.be32(2, metaKeys[key]), a.be32(1, register(to)));
}

/** Loads something about the packet's connection. */
export function ct(key: keyof typeof conntrackKeys, to = 0): Expression {
  return expression("ct", a.be32(2, conntrackKeys[key]), a.be32(1, register(to)));
}

/** Loads bytes of the packet. */
export function payload(base: keyof typeof bases, offset: number, length: number, to = 0): Expression {
  return expression(
    "payload",
    a.be32(1, register(to)),
    a.be32(2, bases[base]),
    a.be32(3, offset),
    a.be32(4, length),
  );
}

/** Loads what kind of address the destination is here (`fib daddr type`). */
export function destinationType(to = 0): Expression {
  return expression("fib", a.be32(1, register(to)), a.be32(2, 3), a.be32(3, 2));
}

/** Goes on if a register has a value, or with `not` if it has another. */
export function compare(value: Uint8Array, options: { not?: boolean; from?: number } = {}): Expression {
  const { not = false, from = 0 } = options;
  return expression(
    "cmp",
    a.be32(1, register(from)),
    a.be32(2, not ? 1 : 0),
    a.nested(3, a.bytes(DATA_VALUE, value)),
  );
}

/** Keeps the bits of a register that a mask has. */
export function mask(bits: Uint8Array, from = 0): Expression {
  return expression(
    "bitwise",
    a.be32(1, register(from)),
    a.be32(2, register(from)),
    a.be32(3, bits.length),
    a.nested(4, a.bytes(DATA_VALUE, bits)),
    a.nested(5, a.bytes(DATA_VALUE, new Uint8Array(bits.length))),
  );
}

/** Goes on if a set has the value in a register; of a map the value found is loaded from register `to` on. */
export function lookup(set: string, options: { from?: number; to?: number } = {}): Expression {
  const { from = 0, to } = options;
  return expression(
    "lookup",
    a.text(1, set),
    a.be32(2, register(from)),
    ...(to === undefined ? [] : [a.be32(3, register(to))]),
  );
}

/** Sends the packet to the address, and the port after it, that registers have from `from` on. */
export function destinationNat(options: { family: 2 | 10; from: number; portAt: number }): Expression {
  const { from, portAt } = options;
  return expression(
    "nat",
    a.be32(1, 1),
    a.be32(2, options.family),
    a.be32(3, register(from)),
    a.be32(5, register(portAt)),
  );
}

/** Gives the packet the address of the link that it leaves by. */
export function masquerade(): Expression {
  return expression("masq");
}

/** Ends the rule with a verdict. */
export function verdict(kind: Exclude<keyof typeof verdicts, "jump">): Expression {
  return immediateVerdict(a.be32(1, verdicts[kind]));
}

/** Goes on in another chain and comes back. */
export function jump(chain: string): Expression {
  return immediateVerdict(a.be32(1, verdicts.jump), a.text(2, chain));
}

function immediateVerdict(...attributes: readonly Attribute[]): Expression {
  return expression(
    "immediate",
    a.be32(1, VERDICT_REGISTER),
    a.nested(2, a.nested(DATA_VERDICT, ...attributes)),
  );
}

function expression(name: string, ...data: readonly Attribute[]): Expression {
  return { name, data };
}

/** A link's name as registers hold it: 16 bytes. */
export function linkName(name: string): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.write(name, "utf8");
  return bytes;
}
