import { createHash } from "node:crypto";
import { messageOf } from "../base/index.ts";
import { byteReader } from "./byte-reader.ts";
import { unreadable } from "./errors.ts";
import { type KeyMaterial, readKeyMaterial } from "./key-material.ts";

/** A key as its packet has it. */
export type PublicKey = {
  /** In hexadecimal digits. */
  readonly fingerprint: string;
  /** The last 16 digits of the fingerprint. */
  readonly keyId: string;
  /** Seconds since the epoch. */
  readonly created: number;
  /** The bytes that signatures about the key are made over. */
  readonly hashed: Uint8Array;
  /** What checks its signatures, or why nothing does. */
  readonly material: KeyMaterial | { readonly unusable: string };
};

/**
 * Reads the packet of a public key or subkey of version 4, which is what GnuPG makes.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.5.2.2 and #section-5.5.4.2
 * @throws OPENPGP_FORMAT
 */
export function readPublicKey(body: Uint8Array): PublicKey {
  const reader = byteReader(body);
  const version = reader.number(1);
  if (version !== 4) throw unreadable(`it has a key of version ${version}, and only version 4 is read`);
  const created = reader.number(4);
  const algorithm = reader.number(1);
  const length = Buffer.alloc(3, 0x99);
  length.writeUInt16BE(body.length, 1);
  const hashed = Buffer.concat([length, body]);
  const fingerprint = createHash("sha1").update(hashed).digest("hex").toUpperCase();
  return {
    fingerprint,
    keyId: fingerprint.slice(-16),
    created,
    hashed,
    material: materialOf(algorithm, reader.rest()),
  };
}

/** A ring may hold keys, such as those for encryption, that nobody asks for a signature. */
function materialOf(algorithm: number, bytes: Uint8Array): PublicKey["material"] {
  try {
    return readKeyMaterial(algorithm, bytes);
  } catch (error) {
    return { unusable: messageOf(error) };
  }
}
