import { type Attribute, attribute as a, decodeAttributes, textOf } from "./attribute.ts";
import { messageFlags as f, type NetlinkAnswer, type NetlinkMessage } from "./datagram.ts";

/** Message types and attributes; source: include/uapi/linux/rtnetlink.h, if_link.h, if_bridge.h, veth.h. */
const message = { NEW: 16, DELETE: 17, GET: 18 } as const;
const link = {
  ADDRESS: 1,
  NAME: 3,
  MTU: 4,
  PARENT: 5,
  MASTER: 10,
  INFO: 18,
  ALIAS: 20,
  NAMESPACE: 28,
} as const;
const info = { KIND: 1, DATA: 2, SLAVE_KIND: 4, SLAVE_DATA: 5 } as const;
const PEER = 1;
const HAIRPIN = 4;
const UP = 1;

/** What a link is given. Left out: the kernel's choice, or for an existing link no change. */
export type LinkSettings = {
  readonly name?: string;
  /** Number of the link in its network namespace. */
  readonly index?: number;
  /** Hardware address, six bytes. */
  readonly address?: Uint8Array;
  readonly mtu?: number;
  /** Index of the bridge that the link belongs to; 0 takes it out of one. */
  readonly master?: number;
  /** Index of the link that it is made on top of, in the namespace that the message is sent in. */
  readonly parent?: number;
  readonly up?: boolean;
  /** Slot of the network namespace that it shall be in. */
  readonly namespace?: number;
  /** What it is for, for people who list links; at most 255 bytes. Only taken for links that exist. */
  readonly alias?: string;
};

/**
 * A new link of a kind that the kernel has or loads a module for, such as "bridge". Fails with EEXIST where there is one of
 * that name, with EOPNOTSUPP where the kernel lacks the kind.
 *
 * @param data what only links of that kind are given
 */
export function newLink(
  kind: string,
  settings: LinkSettings,
  data: readonly Attribute[] = [],
): NetlinkMessage {
  const own = data.length === 0 ? [] : [a.nested(info.DATA, ...data)];
  return linkMessage(message.NEW, f.CREATE | f.EXCL, settings, [
    a.nested(link.INFO, a.text(info.KIND, kind), ...own),
  ]);
}

/** A new bridge. */
export function newBridge(settings: LinkSettings): NetlinkMessage {
  return newLink("bridge", settings);
}

/** A new pair of connected links; what one is sent the other receives. */
export function newVeth(near: LinkSettings, far: LinkSettings): NetlinkMessage {
  const { header, attributes } = linkParts(far);
  return newLink("veth", near, [{ type: PEER, header, value: attributes }]);
}

/** Changes a link that is named by its index, or by its name where there is no index. */
export function setLink(settings: LinkSettings): NetlinkMessage {
  return linkMessage(message.NEW, 0, settings, []);
}

/** Lets a bridge send a packet back through the port that it came from: a container may call its own published port. */
export function hairpinPort(settings: LinkSettings): NetlinkMessage {
  const data = a.nested(info.SLAVE_DATA, a.u8(HAIRPIN, 1));
  return linkMessage(message.NEW, 0, settings, [
    a.nested(link.INFO, a.text(info.SLAVE_KIND, "bridge"), data),
  ]);
}

/** Removes a link; of a pair both, of a bridge not its ports. Fails with ENODEV where there is none. */
export function deleteLink(name: string): NetlinkMessage {
  return linkMessage(message.DELETE, 0, { name }, []);
}

/** Asks for one link by name. */
export function getLink(name: string): NetlinkMessage {
  return linkMessage(message.GET, 0, { name }, []);
}

/** Asks for all links. */
export function listLinks(): NetlinkMessage {
  const { header } = linkParts({});
  return { type: message.GET, flags: f.REQUEST | f.DUMP, header };
}

/** A link as the kernel tells of it. */
export type Link = {
  readonly index: number;
  readonly name: string;
  readonly alias: string | undefined;
  readonly up: boolean;
  readonly mtu: number;
  /** Such as "bridge" or "veth"; undefined for devices. */
  readonly kind: string | undefined;
};

/** The links among answers. */
export function linksOf(answers: readonly NetlinkAnswer[]): Link[] {
  return answers.filter(({ type }) => type === message.NEW).map(({ body }) => parseLink(body));
}

function parseLink(body: Buffer): Link {
  const attributes = decodeAttributes(body.subarray(16));
  const linkInfo = decodeAttributes(attributes.get(link.INFO) ?? Buffer.alloc(0));
  return {
    index: body.readInt32LE(4),
    name: textOf(attributes.get(link.NAME)) ?? "",
    alias: textOf(attributes.get(link.ALIAS)),
    up: (body.readUInt32LE(8) & UP) !== 0,
    mtu: attributes.get(link.MTU)?.readUInt32LE() ?? 0,
    kind: textOf(linkInfo.get(info.KIND)),
  };
}

function linkMessage(
  type: number,
  flags: number,
  settings: LinkSettings,
  more: readonly Attribute[],
): NetlinkMessage {
  const { header, attributes } = linkParts(settings);
  return { type, flags: f.REQUEST | f.ACK | flags, header, attributes: [...attributes, ...more] };
}

/** struct ifinfomsg: u8 family, u8 padding, u16 type, i32 index, u32 flags, u32 change. */
function linkParts(settings: LinkSettings): { header: Buffer; attributes: Attribute[] } {
  const { name, index, address, mtu, master, parent, up, namespace, alias } = settings;
  const header = Buffer.alloc(16);
  header.writeInt32LE(index ?? 0, 4);
  if (up !== undefined) {
    header.writeUInt32LE(up ? UP : 0, 8);
    header.writeUInt32LE(UP, 12);
  }
  return {
    header,
    attributes: [
      ...(name === undefined ? [] : [a.text(link.NAME, name)]),
      ...(address === undefined ? [] : [a.bytes(link.ADDRESS, address)]),
      ...(mtu === undefined ? [] : [a.u32(link.MTU, mtu)]),
      ...(parent === undefined ? [] : [a.u32(link.PARENT, parent)]),
      ...(master === undefined ? [] : [a.u32(link.MASTER, master)]),
      ...(namespace === undefined ? [] : [a.descriptor(link.NAMESPACE, namespace)]),
      ...(alias === undefined ? [] : [a.text(link.ALIAS, alias)]),
    ],
  };
}
