import { type Attribute, attribute as a } from "../netlink/attribute.ts";
import { messageFlags as f, type NetlinkMessage } from "../netlink/datagram.ts";
import { type Expression, family } from "./expression.ts";

/**
 * Tables, chains, rules and sets as messages to the kernel, all of one table of family inet. They take effect together, in
 * one batch, or none does. Source: include/uapi/linux/netfilter/nf_tables.h, nfnetlink.h.
 */
const NFTABLES = 10;
const message = {
  NEW_TABLE: 0,
  NEW_CHAIN: 3,
  NEW_RULE: 6,
  NEW_SET: 9,
  NEW_ELEMENT: 12,
  DELETE_TABLE: 2,
  GET_ELEMENT: 13,
  DELETE_ELEMENT: 14,
} as const;
const batch = { BEGIN: 0x10, END: 0x11 } as const;
const LIST_ELEMENT = 1;
const MAP = 8;
const CONCATENATION = 128;

/** Where the kernel calls a chain, and when among others: lower numbers come first. */
export type Hook = {
  readonly type: "nat" | "filter";
  readonly at: "prerouting" | "forward" | "output" | "postrouting";
  readonly priority: number;
};

const hooks = { prerouting: 0, forward: 2, output: 3, postrouting: 4 } as const;

/** Types of keys and values, as `nft list` shows them, with their bytes in registers. */
const types = {
  ipv4_addr: { id: 7, size: 4 },
  ipv6_addr: { id: 8, size: 16 },
  inet_proto: { id: 12, size: 4 },
  inet_service: { id: 13, size: 4 },
  ifname: { id: 41, size: 16 },
} as const;
export type ValueType = keyof typeof types;

/**
 * What `nft` notes with a set whose keys are in the machine's byte order, as names of links are: without it, it cannot show
 * them. Source: nftables' libnftnl, udata.h: NFTNL_UDATA_SET_KEYBYTEORDER with a u32.
 */
const hostByteOrder = Uint8Array.of(0, 4, 1, 0, 0, 0);

/** A change that can stand in a batch. */
export type Change = NetlinkMessage;

/** A batch of changes: all of them or none. */
export function batchOf(changes: readonly Change[]): NetlinkMessage[] {
  const edge = (type: number): NetlinkMessage => ({
    type,
    flags: f.REQUEST,
    header: Buffer.from([0, 0, 0, NFTABLES]),
  });
  return [edge(batch.BEGIN), ...changes, edge(batch.END)];
}

/** A table; one of that name is left as it is. */
export function newTable(table: string): Change {
  return change(message.NEW_TABLE, f.CREATE, [a.text(1, table)]);
}

/** Removes a table with all that it holds. Fails with ENOENT where there is none. */
export function deleteTable(table: string): Change {
  return change(message.DELETE_TABLE, 0, [a.text(1, table)]);
}

/** A chain that the kernel calls, or without a hook one that rules jump to. */
export function newChain(table: string, name: string, hook?: Hook): Change {
  const called = hook && [
    a.nested(4, a.be32(1, hooks[hook.at]), a.be32(2, hook.priority)),
    a.text(7, hook.type),
  ];
  return change(message.NEW_CHAIN, f.CREATE, [a.text(1, table), a.text(3, name), ...(called ?? [])]);
}

/** Appends a rule to a chain. */
export function newRule(table: string, chain: string, expressions: readonly Expression[]): Change {
  const list = expressions.map(({ name, data }) =>
    a.nested(LIST_ELEMENT, a.text(1, name), a.nested(2, ...data)),
  );
  return change(message.NEW_RULE, f.CREATE | f.APPEND, [
    a.text(1, table),
    a.text(2, chain),
    a.nested(4, ...list),
  ]);
}

export type SetDefinition = {
  readonly name: string;
  readonly key: readonly ValueType[];
  /** What the map leads to; left out, it is a set. */
  readonly value?: readonly ValueType[];
};

/** A set or a map. Its number must differ from those of the other sets of the batch. */
export function newSet(table: string, number: number, { name, key, value }: SetDefinition): Change {
  const flags = (value === undefined ? 0 : MAP) | (key.length > 1 ? CONCATENATION : 0);
  return change(message.NEW_SET, f.CREATE, [
    a.text(1, table),
    a.text(2, name),
    a.be32(3, flags),
    a.be32(4, typeOf(key)),
    a.be32(5, sizeOf(key)),
    ...(value === undefined ? [] : [a.be32(6, typeOf(value)), a.be32(7, sizeOf(value))]),
    a.be32(10, number),
    ...(key.length > 1 ? [a.nested(9, concatenation(key))] : []),
    ...(key.includes("ifname") ? [a.bytes(13, hostByteOrder)] : []),
  ]);
}

/** An element: the key's parts, and in a map the value's. */
export type SetElement = { readonly key: readonly Uint8Array[]; readonly value?: readonly Uint8Array[] };

/** Adds elements. One that is there is left as it is; in a map with another value it is EEXIST. */
export function newElements(table: string, set: string, elements: readonly SetElement[]): Change {
  return elementChange(message.NEW_ELEMENT, f.CREATE, { table, set, elements });
}

/** Removes elements. Fails with ENOENT where one is not there. */
export function deleteElements(table: string, set: string, elements: readonly SetElement[]): Change {
  return elementChange(message.DELETE_ELEMENT, 0, { table, set, elements });
}

/** Asks for elements, by their keys. Fails with ENOENT where one is not there. */
export function getElements(table: string, set: string, elements: readonly SetElement[]): NetlinkMessage {
  return elementChange(message.GET_ELEMENT, 0, { table, set, elements });
}

function elementChange(
  type: number,
  flags: number,
  { table, set, elements }: { table: string; set: string; elements: readonly SetElement[] },
): Change {
  const list = elements.map(({ key, value }) =>
    a.nested(
      LIST_ELEMENT,
      a.nested(1, a.bytes(1, registers(key))),
      ...(value === undefined ? [] : [a.nested(2, a.bytes(1, registers(value)))]),
    ),
  );
  return change(type, flags, [a.text(1, table), a.text(2, set), a.nested(3, ...list)]);
}

/** struct nfgenmsg: u8 family, u8 version, u16 in network order. */
function change(type: number, flags: number, attributes: readonly Attribute[]): Change {
  return {
    type: (NFTABLES << 8) | type,
    flags: f.REQUEST | f.ACK | flags,
    header: Buffer.from([family.INET, 0, 0, 0]),
    attributes,
  };
}

/** Each part begins a register of its own. */
function registers(parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts.flatMap((part) => [part, Buffer.alloc(-part.length & 3)]));
}

/** Types of a concatenation take six bits each. */
function typeOf(parts: readonly ValueType[]): number {
  return parts.reduce((id, part) => (id << 6) | types[part].id, 0);
}

function sizeOf(parts: readonly ValueType[]): number {
  return parts.reduce((size, part) => size + types[part].size, 0);
}

/** NFTA_SET_DESC_CONCAT: the bytes of each part, in order. */
function concatenation(parts: readonly ValueType[]): Attribute {
  return a.nested(2, ...parts.map((part) => a.nested(LIST_ELEMENT, a.be32(1, types[part].size))));
}
