import { type ByteReader, byteReader } from "./byte-reader.ts";
import { unreadable } from "./errors.ts";
import type { PublicKey } from "./public-key.ts";

/** A signature as its packet has it. Nothing of it is known to be true before `isMadeBy` says so. */
export type Signature = {
  readonly type: number;
  /** Name of the digest as node:crypto has it; undefined for those that are not taken. */
  readonly hash: string | undefined;
  /** Seconds since the epoch. */
  readonly created: number;
  /** Seconds after which it does not count any more; undefined: never. */
  readonly lasts: number | undefined;
  /** What it says about a key: seconds after the key was made, undefined for ever. */
  readonly keyLasts: number | undefined;
  /** What the key is for; undefined where it does not say so. */
  readonly keyFlags: number | undefined;
  /** Who says that it made it. */
  readonly issuer: { readonly keyId: string | undefined; readonly fingerprint: string | undefined };
  /** What a subkey says about its primary key. */
  readonly embedded: Signature | undefined;
  /** A part of it that must be understood is not. */
  readonly unknown: number | undefined;
  /** What is hashed behind the data. */
  readonly trailer: Uint8Array;
  readonly values: Uint8Array;
};

/** Kinds of signatures. Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.2.1 */
export const signatureTypes = {
  binary: 0x00,
  certifications: [0x10, 0x11, 0x12, 0x13],
  subkeyBinding: 0x18,
  primaryKeyBinding: 0x19,
  directKey: 0x1f,
  keyRevocation: 0x20,
  subkeyRevocation: 0x28,
  certificationRevocation: 0x30,
} as const;

/** Source: https://www.rfc-editor.org/rfc/rfc9580#section-9.5 */
const hashes: Readonly<Record<number, string>> = { 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512" };

/** Parts of a signature that are read, or that nothing here depends on. */
const known = [2, 3, 4, 5, 6, 7, 9, 11, 12, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35];

/**
 * Reads the packet of a signature of version 4.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.2.3
 * @throws OPENPGP_FORMAT
 */
export function readSignature(body: Uint8Array, depth = 0): Signature {
  const reader = byteReader(body);
  const version = reader.number(1);
  if (version !== 4) throw unreadable(`its signature is of version ${version}, and only version 4 is read`);
  const type = reader.number(1);
  reader.number(1);
  const hash = hashes[reader.number(1)];
  const signed = readParts(byteReader(reader.take(reader.number(2))));
  const hashed = body.subarray(0, body.length - reader.left);
  const unsigned = readParts(byteReader(reader.take(reader.number(2))));
  reader.number(2);
  const values = reader.rest();
  const number = (kind: number) => numberOf(signed.get(kind)?.body);
  const created = number(2);
  if (created === undefined) throw unreadable("its signature does not say when it was made");
  const length = Buffer.alloc(6, 0xff);
  length.writeUInt8(4, 0);
  length.writeUInt32BE(hashed.length, 2);
  const embedded = (signed.get(32) ?? unsigned.get(32))?.body;
  return {
    type,
    hash,
    created,
    lasts: number(3) || undefined,
    keyLasts: number(9) || undefined,
    keyFlags: signed.get(27)?.body[0],
    issuer: {
      keyId: hex(signed.get(16)?.body ?? unsigned.get(16)?.body),
      fingerprint: hex((signed.get(33) ?? unsigned.get(33))?.body.subarray(1)),
    },
    embedded: embedded === undefined || depth > 0 ? undefined : readSignature(embedded, depth + 1),
    unknown: [...signed.values()].find(({ isCritical, kind }) => isCritical && !known.includes(kind))?.kind,
    trailer: Buffer.concat([hashed, length]),
    values,
  };
}

/** Whether a signature names a key as its maker; undefined where it names nobody. */
export function namesMaker({ issuer }: Signature, { fingerprint, keyId }: PublicKey): boolean | undefined {
  if (issuer.fingerprint !== undefined) return issuer.fingerprint === fingerprint;
  return issuer.keyId === undefined ? undefined : issuer.keyId === keyId;
}

/** Whether a key made a signature of data. Which digest is good enough, and whether the key counts, others say. */
export function isMadeBy(signature: Signature, { material }: PublicKey, data: Uint8Array): boolean {
  const { hash, trailer, values, unknown } = signature;
  if (hash === undefined || unknown !== undefined || "unusable" in material) return false;
  return material.verifies(hash, Buffer.concat([data, trailer]), values);
}

type Part = { readonly kind: number; readonly isCritical: boolean; readonly body: Uint8Array };

/** The parts of a signature by their kind, of several the last. */
function readParts(reader: ByteReader): Map<number, Part> {
  const parts = new Map<number, Part>();
  while (reader.left > 0) {
    const content = byteReader(reader.take(readLength(reader)));
    const first = content.number(1);
    const kind = first & 0x7f;
    parts.set(kind, { kind, isCritical: first !== kind, body: content.rest() });
  }
  return parts;
}

function readLength(reader: ByteReader): number {
  const first = reader.number(1);
  if (first < 192) return first;
  return first < 255 ? ((first - 192) << 8) + reader.number(1) + 192 : reader.number(4);
}

function numberOf(bytes: Uint8Array | undefined): number | undefined {
  return bytes && byteReader(bytes).number(4);
}

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString("hex").toUpperCase();
}
