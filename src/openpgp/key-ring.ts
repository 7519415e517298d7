import { unarmored } from "./armor.ts";
import { readCertificate, type SigningKey } from "./certificate.ts";
import { unreadable } from "./errors.ts";
import { readSignedMessage } from "./message.ts";
import { type Packet, readPackets, tags } from "./packets.ts";
import { isMadeBy, namesMaker, type Signature, signatureTypes } from "./signature.ts";

/** What a message is worth to who has a ring of keys. */
export type Opened =
  | {
      readonly kind: "good";
      /** What was signed. */
      readonly data: Uint8Array;
      /** Of the key that people know, in hexadecimal digits. */
      readonly fingerprint: string;
    }
  /** None of the keys made it. */
  | { readonly kind: "other" }
  /** It does not count; the reason begins with "it" or "its". */
  | { readonly kind: "bad"; readonly reason: string };

/** Public keys, whose signatures are taken. */
export interface KeyRing {
  /** Of the keys that people know, in hexadecimal digits. */
  readonly fingerprints: readonly string[];
  /** Judges a signed message. Its data is given only if one of the keys signed it, and counts now. */
  open(message: Uint8Array): Opened;
}

/** The largest file with keys that is read, in bytes. */
export const maxKeyRing = 1024 * 1024;

/**
 * Reads files as `gpg --export` writes them, with or without `--armor`.
 * @param now seconds since the epoch: a key that has expired by then opens nothing
 * @throws OPENPGP_FORMAT for a file without any key that can be used
 */
export function readKeyRing(files: readonly Uint8Array[], now: number): KeyRing {
  const keys = files.flatMap((file) => readFile(file, now));
  return {
    fingerprints: [...new Set(keys.map(({ primary }) => primary))],
    open: (message) => open(keys, message, now),
  };
}

function readFile(file: Uint8Array, now: number): SigningKey[] {
  if (file.length > maxKeyRing) throw unreadable(`it has more than ${maxKeyRing} bytes`);
  const certificates: Packet[][] = [];
  for (const packet of readPackets(unarmored(file))) {
    if (packet.tag === tags.publicKey) certificates.push([]);
    if (packet.tag !== tags.marker && packet.tag !== tags.padding) certificates.at(-1)?.push(packet);
  }
  const keys: SigningKey[] = [];
  let reason: unknown = unreadable("it holds no public keys");
  for (const packets of certificates) {
    try {
      keys.push(...readCertificate(packets, now));
    } catch (error) {
      reason = error;
    }
  }
  if (keys.length === 0) throw reason;
  return keys;
}

function open(keys: readonly SigningKey[], message: Uint8Array, now: number): Opened {
  const { data, signature } = readSignedMessage(message);
  const key = keys.find((each) => namesMaker(signature, each) === true);
  if (key === undefined) return { kind: "other" };
  const reason = badness(key, signature, { data, now });
  return reason === undefined ? { kind: "good", data, fingerprint: key.primary } : { kind: "bad", reason };
}

/** Why a signature does not count; undefined if it does. GnuPG judges in the same way, but for weak digests. */
function badness(
  key: SigningKey,
  signature: Signature,
  { data, now }: { data: Uint8Array; now: number },
): string | undefined {
  const { type, hash, unknown, created, lasts } = signature;
  const name = `key ${key.fingerprint}`;
  if (type !== signatureTypes.binary) return `it is a signature of type ${type}, not of data`;
  if (hash === undefined || hash === "sha1") return "it was made with a digest that is not taken any more";
  if (unknown !== undefined) return `it has a part of kind ${unknown}, which is not understood`;
  if ("unusable" in key.material) return `it cannot be checked: ${key.material.unusable}`;
  if (!isMadeBy(signature, key, data)) return `it was changed, or was not made by ${name}`;
  if (key.isRevoked) return `its ${name} is revoked`;
  if (!key.signs) return `its ${name} is not for signatures of data`;
  if (created < key.created) return `it is older than its ${name}`;
  if (key.expires !== undefined && key.expires <= now) return `its ${name} expired on ${day(key.expires)}`;
  if (lasts !== undefined && created + lasts <= now) return `it expired on ${day(created + lasts)}`;
  return undefined;
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}
