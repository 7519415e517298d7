import { deflateRawSync } from "node:zlib";
import { number, type TestKey } from "./write-key.ts";

/** A packet in the new format. */
export function packet(tag: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xc0 | tag, 255]), number(body.length, 4), body]);
}

/** A part of a signature. */
export function part(kind: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([body.length + 1, kind]), body]);
}

export type SignatureFields = {
  readonly by: TestKey;
  readonly type: number;
  readonly over: Uint8Array;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly hash?: "sha1" | "sha256" | "sha384" | "sha512";
  /** Whether it names its maker by an id alone, as old ones do. */
  readonly byId?: boolean;
  /** Parts that are signed, besides when it was made and who made it. */
  readonly parts?: readonly Uint8Array[];
};

const hashes = { sha1: 2, sha256: 8, sha384: 9, sha512: 10 };

/** Body of the packet of a signature. */
export function signatureBody({
  by,
  type,
  over,
  created,
  hash = "sha256",
  byId = false,
  parts = [],
}: SignatureFields): Buffer {
  const fingerprint = Buffer.from(by.fingerprint, "hex");
  const issuer = byId
    ? part(16, fingerprint.subarray(-8))
    : part(33, Buffer.concat([Buffer.from([4]), fingerprint]));
  const signed = Buffer.concat([part(2, number(created, 4)), issuer, ...parts]);
  const head = Buffer.from([4, type, by.algorithm, hashes[hash]]);
  const hashed = Buffer.concat([head, number(signed.length, 2), signed]);
  const trailer = Buffer.concat([hashed, Buffer.from([4, 0xff]), number(hashed.length, 4)]);
  const values = by.sign(hash, Buffer.concat([over, trailer]));
  return Buffer.concat([hashed, number(0, 2), number(0, 2), values]);
}

export type CertificateFields = {
  readonly key: TestKey;
  /** When it says so about itself, in seconds since the epoch. */
  readonly created: number;
  /** For how many seconds after it was made. */
  readonly lasts?: number;
  /** What the key is for: 1 certifies, 2 signs. */
  readonly flags?: number;
  readonly hash?: SignatureFields["hash"];
  /** Packets behind the key itself, such as of its revocation. */
  readonly behind?: readonly Uint8Array[];
  /** Packets at the end, such as of subkeys. */
  readonly more?: readonly Uint8Array[];
};

/** A public key with a name. */
export function certificate({
  key,
  created,
  lasts,
  flags = 3,
  hash,
  behind = [],
  more = [],
}: CertificateFields): Buffer {
  const name = Buffer.from("someone@tug.example");
  const over = Buffer.concat([key.hashed, Buffer.from([0xb4]), number(name.length, 4), name]);
  const parts = [part(27, Buffer.from([flags])), ...(lasts === undefined ? [] : [part(9, number(lasts, 4))])];
  const statement = signatureBody({ by: key, type: 0x13, over, created, parts, ...(hash && { hash }) });
  return Buffer.concat([packet(6, key.body), ...behind, packet(13, name), packet(2, statement), ...more]);
}

export type SubkeyFields = {
  readonly primary: TestKey;
  readonly key: TestKey;
  readonly created: number;
  readonly lasts?: number;
  readonly flags?: number;
  /** Whose word it is that the subkey wants to be one; none if left out. */
  readonly agrees?: TestKey;
};

/** A subkey with the signature that binds it. */
export function subkey({ primary, key, created, lasts, flags = 2, agrees }: SubkeyFields): Buffer {
  const over = Buffer.concat([primary.hashed, key.hashed]);
  const back = agrees && signatureBody({ by: agrees, type: 0x19, over, created });
  const parts = [
    part(27, Buffer.from([flags])),
    ...(lasts === undefined ? [] : [part(9, number(lasts, 4))]),
    ...(back === undefined
      ? []
      : [Buffer.concat([Buffer.from([255]), number(back.length + 1, 4), Buffer.from([32]), back])]),
  ];
  return Buffer.concat([
    packet(14, key.body),
    packet(2, signatureBody({ by: primary, type: 0x18, over, created, parts })),
  ]);
}

export type MessageFields = Omit<SignatureFields, "type" | "over"> & {
  readonly data: Uint8Array;
  readonly type?: number;
  /** Whether it is packed as gpg does it. */
  readonly packed?: boolean;
};

/** A message with data and a signature of it, as `gpg --sign` makes it. */
export function signedMessage({ data, type = 0, packed = false, ...fields }: MessageFields): Buffer {
  const message = Buffer.concat([
    packet(
      4,
      Buffer.concat([Buffer.from([3, type, 8, fields.by.algorithm]), Buffer.alloc(8), Buffer.from([1])]),
    ),
    packet(11, literal(data)),
    packet(2, signatureBody({ ...fields, type, over: data })),
  ]);
  return packed ? packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(message)])) : message;
}

/** Body of the packet of data. */
export function literal(data: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from("b\0"), number(0, 4), data]);
}

/** Text that stands for public keys. */
export function armored(bytes: Uint8Array, checksum = "=AAAA\n"): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const block = "PGP PUBLIC KEY BLOCK";
  return `-----BEGIN ${block}-----\nComment: x\n\n${lines.join("\n")}\n${checksum}-----END ${block}-----\n`;
}
