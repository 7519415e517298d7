import { TugError } from "../base/index.ts";
import { unreadable } from "./errors.ts";
import { type Packet, tags } from "./packets.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";
import { isMadeBy, namesMaker, readSignature, type Signature, signatureTypes } from "./signature.ts";

/** A key that may have made a signature, with what its owner says about it. */
export type SigningKey = PublicKey & {
  /** Fingerprint of the key that people know: its own, or that of the key which it is a subkey of. */
  readonly primary: string;
  /** Seconds since the epoch from when on its signatures do not count; undefined: never. */
  readonly expires: number | undefined;
  readonly isRevoked: boolean;
  /** Whether it is a key for signatures of data. */
  readonly signs: boolean;
};

/** A key or a name, with the signatures that come behind it. */
type Part = { readonly packet: Packet; readonly signatures: readonly Signature[] };

/** Flag of a key whose signatures of data count. Source: https://www.rfc-editor.org/rfc/rfc9580#section-5.2.3.29 */
const SIGNS = 0x02;

/**
 * The keys of one certificate: its primary key and the subkeys that the primary key has bound to itself. What others
 * have signed about it does not matter, nor does who is allowed to revoke it but its owner.
 *
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-10.1
 * @param packets from the primary key on
 * @throws OPENPGP_FORMAT for one that says nothing about itself that is true now
 */
export function readCertificate(packets: readonly Packet[], now: number): SigningKey[] {
  const [first, ...parts] = partsOf(packets);
  if (first?.packet.tag !== tags.publicKey) throw unreadable("it does not begin with a public key");
  const key = readPublicKey(first.packet.body);
  const about = (signatures: readonly Signature[], ...more: Uint8Array[]) =>
    signatures
      .filter((each) => holds(each, key, Buffer.concat([key.hashed, ...more]), now))
      .toSorted((a, b) => b.created - a.created);
  const direct = about(first.signatures);
  const names = parts
    .map(({ packet, signatures }) => newestStatement(packet, (data) => about(signatures, data)))
    .filter((each) => each !== undefined);
  const statements = [...direct.filter(({ type }) => type === signatureTypes.directKey), ...names].toSorted(
    (a, b) => b.created - a.created,
  );
  const [newest] = statements;
  if (newest === undefined) throw unreadable(`key ${key.fingerprint} has no name that is signed by it`);
  const lasts = statements.find(({ type, keyLasts }) => type === signatureTypes.directKey && keyLasts);
  const isRevoked = direct.some(({ type }) => type === signatureTypes.keyRevocation);
  const primary: SigningKey = {
    ...key,
    primary: key.fingerprint,
    expires: endOf(key, (lasts ?? newest).keyLasts),
    isRevoked,
    signs: ((newest.keyFlags ?? SIGNS) & SIGNS) !== 0,
  };
  const subkeys = parts
    .filter(({ packet }) => packet.tag === tags.publicSubkey)
    .flatMap(({ packet, signatures }) => readSubkey(packet, primary, (data) => about(signatures, data)));
  return [primary, ...subkeys];
}

type About = (data: Uint8Array) => readonly Signature[];

/** What the owner has last said about a name; undefined where it was revoked, or never said. */
function newestStatement({ tag, body }: Packet, about: About): Signature | undefined {
  if (tag !== tags.userId && tag !== tags.userAttribute) return undefined;
  const length = Buffer.alloc(5, tag === tags.userId ? 0xb4 : 0xd1);
  length.writeUInt32BE(body.length, 1);
  const { certifications, certificationRevocation } = signatureTypes;
  const kinds: readonly number[] = [...certifications, certificationRevocation];
  const newest = about(Buffer.concat([length, body])).find(({ type }) => kinds.includes(type));
  return newest?.type === certificationRevocation ? undefined : newest;
}

/** A subkey is bound by its primary key, and has to say that it wants to be, if its signatures shall count. */
function readSubkey({ body }: Packet, primary: SigningKey, about: About): SigningKey[] {
  const key = attempt(() => readPublicKey(body));
  const statements = key === undefined ? [] : about(key.hashed);
  const binding = statements.find(({ type }) => type === signatureTypes.subkeyBinding);
  if (key === undefined || binding === undefined) return [];
  const back = binding.embedded;
  const both = Buffer.concat([primary.hashed, key.hashed]);
  const agrees =
    back?.type === signatureTypes.primaryKeyBinding && attempt(() => isMadeBy(back, key, both)) === true;
  const ends = [primary.expires, endOf(key, binding.keyLasts)].filter((each) => each !== undefined);
  return [
    {
      ...key,
      primary: primary.fingerprint,
      expires: ends.length === 0 ? undefined : Math.min(...ends),
      isRevoked: primary.isRevoked || statements.some(({ type }) => type === signatureTypes.subkeyRevocation),
      signs: agrees && ((binding.keyFlags ?? 0) & SIGNS) !== 0,
    },
  ];
}

/** Each key or name with the signatures behind it. What cannot be read is not there. */
function partsOf(packets: readonly Packet[]): Part[] {
  const parts: { packet: Packet; signatures: Signature[] }[] = [];
  for (const packet of packets) {
    if (packet.tag !== tags.signature) {
      if (packet.tag !== tags.trust) parts.push({ packet, signatures: [] });
      continue;
    }
    const signature = attempt(() => readSignature(packet.body));
    if (signature !== undefined) parts.at(-1)?.signatures.push(signature);
  }
  return parts;
}

/** Whether the owner of a key has said something, and it has not expired by now. */
function holds(signature: Signature, key: PublicKey, data: Uint8Array, now: number): boolean {
  const { created, lasts } = signature;
  // Well-known keys have thousands of others' words about them.
  if (namesMaker(signature, key) === false) return false;
  if (created < key.created || (lasts !== undefined && created + lasts <= now)) return false;
  return attempt(() => isMadeBy(signature, key, data)) === true;
}

function endOf({ created }: PublicKey, lasts: number | undefined): number | undefined {
  return lasts === undefined ? undefined : created + lasts;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof TugError) return undefined;
    throw error;
  }
}
