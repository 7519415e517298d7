import { type ByteReader, byteReader } from "./byte-reader.ts";
import { unreadable } from "./errors.ts";

/** What messages and keys consist of. */
export type Packet = { readonly tag: number; readonly body: Uint8Array };

/**
 * Kinds of packets.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-5
 */
export const tags = {
  signature: 2,
  onePassSignature: 4,
  publicKey: 6,
  compressed: 8,
  marker: 10,
  literal: 11,
  trust: 12,
  userId: 13,
  publicSubkey: 14,
  userAttribute: 17,
  padding: 21,
} as const;

/** More packets are in no honest file. */
const maxPackets = 20_000;

/** Those that carry data of any length, and may therefore come in parts. */
const data: readonly number[] = [tags.compressed, 9, tags.literal, 18, 20];

/**
 * The packets that bytes consist of, in the old and in the new format.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-4.2
 * @throws OPENPGP_FORMAT
 */
export function readPackets(bytes: Uint8Array): Packet[] {
  const reader = byteReader(bytes);
  const packets: Packet[] = [];
  while (reader.left > 0) {
    if (packets.length === maxPackets) throw unreadable(`it has more than ${maxPackets} packets`);
    const first = reader.number(1);
    if ((first & 0x80) === 0) throw unreadable("it is no OpenPGP data");
    packets.push((first & 0x40) === 0 ? readOld(reader, first) : readNew(reader, first & 0x3f));
  }
  return packets;
}

function readOld(reader: ByteReader, first: number): Packet {
  const lengthBytes = [1, 2, 4][first & 3];
  const tag = (first >> 2) & 0x0f;
  // A packet without a length goes as far as the data does.
  const body = lengthBytes === undefined ? reader.rest() : reader.take(reader.number(lengthBytes));
  return { tag, body };
}

function readNew(reader: ByteReader, tag: number): Packet {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { length, isPart } = readLength(reader);
    if (isPart && !data.includes(tag)) throw unreadable(`a packet of kind ${tag} comes in parts`);
    parts.push(reader.take(length));
    if (!isPart) return { tag, body: parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts) };
  }
}

function readLength(reader: ByteReader): { length: number; isPart: boolean } {
  const first = reader.number(1);
  if (first < 192) return { length: first, isPart: false };
  if (first < 224) return { length: ((first - 192) << 8) + reader.number(1) + 192, isPart: false };
  if (first < 255) return { length: 2 ** (first & 0x1f), isPart: true };
  return { length: reader.number(4), isPart: false };
}
