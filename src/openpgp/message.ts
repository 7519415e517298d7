import { inflateRawSync, inflateSync } from "node:zlib";
import { byteReader } from "./byte-reader.ts";
import { unreadable } from "./errors.ts";
import { type Packet, readPackets, tags } from "./packets.ts";
import { readSignature, type Signature } from "./signature.ts";

/** A message with the one signature that it has. Nobody has checked that. */
export type SignedMessage = { readonly data: Uint8Array; readonly signature: Signature };

/** The longest message that is read, packed or not, in bytes. */
export const maxMessage = 64 * 1024;

/** Packed messages in packed messages are read so deep. */
const maxDepth = 2;

/**
 * Reads what `gpg --sign` writes: data and one signature of it.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-10.3
 * @throws OPENPGP_FORMAT
 */
export function readSignedMessage(message: Uint8Array): SignedMessage {
  if (message.length > maxMessage) throw unreadable(`it has more than ${maxMessage} bytes`);
  const packets = unpacked(message, 0);
  // The packet before the data only announces the signature behind it; a signature before the data is the old way.
  const [first, second, third] = packets;
  const isAnnounced = first?.tag === tags.onePassSignature && third?.tag === tags.signature;
  const isBefore = first?.tag === tags.signature;
  const signature = isAnnounced ? third : isBefore ? first : undefined;
  if (signature === undefined || second?.tag !== tags.literal || packets.length !== (isAnnounced ? 3 : 2)) {
    throw unreadable("it is no message with one signature");
  }
  return { data: readLiteral(second.body), signature: readSignature(signature.body) };
}

function unpacked(bytes: Uint8Array, depth: number): Packet[] {
  const ignored: readonly number[] = [tags.marker, tags.padding];
  const packets = readPackets(bytes).filter(({ tag }) => !ignored.includes(tag));
  const [only, ...others] = packets;
  if (only?.tag !== tags.compressed || others.length > 0) return packets;
  if (depth === maxDepth) throw unreadable("it is packed too often");
  return unpacked(inflate(only.body), depth + 1);
}

/** Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.6 */
function inflate(body: Uint8Array): Uint8Array {
  const [algorithm] = body;
  const packed = body.subarray(1);
  try {
    if (algorithm === 0) return packed;
    if (algorithm === 1) return inflateRawSync(packed, { maxOutputLength: maxMessage });
    if (algorithm === 2) return inflateSync(packed, { maxOutputLength: maxMessage });
  } catch (cause) {
    const isLarge = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw unreadable(isLarge ? `it unpacks to more than ${maxMessage} bytes` : "it cannot be unpacked");
  }
  throw unreadable(`it is packed in a way that is not read: ${algorithm ?? "none"}`);
}

/** Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.9 */
function readLiteral(body: Uint8Array): Uint8Array {
  const reader = byteReader(body);
  reader.number(1);
  reader.take(reader.number(1));
  reader.number(4);
  return reader.rest();
}
