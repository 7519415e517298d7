import { type Attribute, type EncodedPlace, encodeAttributes, padded } from "./attribute.ts";

/** A message before it has a sequence number. */
export type NetlinkMessage = {
  readonly type: number;
  readonly flags: number;
  /** The fixed structure between the head and the attributes, such as struct ifinfomsg. */
  readonly header: Uint8Array;
  readonly attributes?: readonly Attribute[];
};

/** What is sent with one call. Message number n in it has the sequence number n, beginning with 1. */
export type Datagram = {
  readonly bytes: Uint8Array;
  /** Where the helper writes the numbers of descriptors. */
  readonly places: readonly EncodedPlace[];
};

/** Flags of requests; source: include/uapi/linux/netlink.h. */
export const messageFlags = {
  REQUEST: 0x1,
  MULTI: 0x2,
  ACK: 0x4,
  DUMP: 0x300,
  REPLACE: 0x100,
  EXCL: 0x200,
  CREATE: 0x400,
  APPEND: 0x800,
} as const;

const HEAD = 16;

/** Encodes messages into one datagram. */
export function encodeDatagram(messages: readonly NetlinkMessage[]): Datagram {
  const parts: Buffer[] = [];
  const places: EncodedPlace[] = [];
  let offset = 0;
  messages.forEach(({ type, flags, header, attributes = [] }, index) => {
    const encoded = encodeAttributes(attributes);
    const headerSize = padded(header.length);
    const size = HEAD + headerSize + encoded.bytes.length;
    const head = Buffer.alloc(HEAD + headerSize);
    head.writeUInt32LE(size, 0);
    head.writeUInt16LE(type, 4);
    head.writeUInt16LE(flags, 6);
    head.writeUInt32LE(index + 1, 8);
    head.set(header, HEAD);
    parts.push(head, encoded.bytes);
    const start = offset + HEAD + headerSize;
    places.push(...encoded.places.map((place) => ({ ...place, offset: start + place.offset })));
    offset += size;
  });
  return { bytes: Buffer.concat(parts), places };
}

/** A message that the kernel sent. */
export type NetlinkAnswer = { readonly type: number; readonly sequence: number; readonly body: Buffer };

/** Cuts what the kernel sent into messages. What is cut off at the end is left out. */
export function decodeAnswers(bytes: Buffer): NetlinkAnswer[] {
  const answers: NetlinkAnswer[] = [];
  for (let offset = 0; offset + HEAD <= bytes.length; ) {
    const length = bytes.readUInt32LE(offset);
    if (length < HEAD || offset + length > bytes.length) break;
    answers.push({
      type: bytes.readUInt16LE(offset + 4),
      sequence: bytes.readUInt32LE(offset + 8),
      body: bytes.subarray(offset + HEAD, offset + length),
    });
    offset += padded(length);
  }
  return answers;
}
