import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** A key pair as OpenPGP has it. */
export type TestKey = {
  readonly algorithm: number;
  /** Body of the packet of the public key. */
  readonly body: Buffer;
  /** What signatures about the key are made over. */
  readonly hashed: Buffer;
  readonly fingerprint: string;
  /** The numbers of a signature as they are in its packet. */
  sign(hash: string, data: Uint8Array): Buffer;
};

export type TestKeyKind = "rsa" | "P-256" | "P-384" | "P-521" | "legacy Ed25519" | "Ed25519" | "Ed448";

/** When the keys of tests are made, in seconds since the epoch. */
export const keyTime = 1_600_000_000;

/** Makes a key pair. */
export function makeTestKey(kind: TestKeyKind = "legacy Ed25519", created = keyTime): TestKey {
  const { algorithm, material, sign } = makers[kind](kind);
  const body = Buffer.concat([Buffer.from([4]), number(created, 4), Buffer.from([algorithm]), material]);
  const hashed = Buffer.concat([Buffer.from([0x99]), number(body.length, 2), body]);
  const fingerprint = createHash("sha1").update(hashed).digest("hex").toUpperCase();
  return { algorithm, body, hashed, fingerprint, sign };
}

/** A number of so many bytes, the highest first. */
export function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** A number of any length, with the count of its bits. */
export function mpi(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((each) => each !== 0);
  const rest = first < 0 ? Buffer.alloc(0) : Buffer.from(bytes).subarray(first);
  const bits = rest.length === 0 ? 0 : rest.length * 8 - Math.clz32(rest[0] as number) + 24;
  return Buffer.concat([number(bits, 2), rest]);
}

type Made = Pick<TestKey, "algorithm" | "sign"> & { material: Buffer };

const makers: Readonly<Record<TestKeyKind, (kind: string) => Made>> = {
  rsa: makeRsa,
  "P-256": makeEcdsa,
  "P-384": makeEcdsa,
  "P-521": makeEcdsa,
  "legacy Ed25519": makeLegacy,
  Ed25519: makeEdwards,
  Ed448: makeEdwards,
};

function makeRsa(): Made {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n, e } = fieldsOf(publicKey);
  const material = Buffer.concat([mpi(n), mpi(e)]);
  return { algorithm: 1, material, sign: (hash, data) => mpi(sign(hash, data, privateKey)) };
}

const oids: Readonly<Record<string, string>> = {
  "P-256": "2a8648ce3d030107",
  "P-384": "2b81040022",
  "P-521": "2b81040023",
};

function makeEcdsa(kind: string): Made {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: kind });
  const { x, y } = fieldsOf(publicKey);
  const point = mpi(Buffer.concat([Buffer.from([4]), x, y]));
  return {
    algorithm: 19,
    material: Buffer.concat([oid(oids[kind] as string), point]),
    sign: (hash, data) => halves(sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" })),
  };
}

function makeLegacy(): Made {
  const { material, sign } = makeEdwards("Ed25519");
  const point = mpi(Buffer.concat([Buffer.from([0x40]), material]));
  return {
    algorithm: 22,
    material: Buffer.concat([oid("2b06010401da470f01"), point]),
    sign: (hash, data) => halves(sign(hash, data)),
  };
}

function makeEdwards(kind: string): Made {
  const pair = kind === "Ed448" ? generateKeyPairSync("ed448") : generateKeyPairSync("ed25519");
  return {
    algorithm: kind === "Ed448" ? 28 : 27,
    material: fieldsOf(pair.publicKey).x,
    sign: (hash, data) => sign(null, createHash(hash).update(data).digest(), pair.privateKey),
  };
}

function fieldsOf(key: KeyObject): Record<"n" | "e" | "x" | "y", Buffer> {
  const jwk = key.export({ format: "jwk" });
  const field = (name: "n" | "e" | "x" | "y") => Buffer.from(jwk[name] ?? "", "base64url");
  return { n: field("n"), e: field("e"), x: field("x"), y: field("y") };
}

function oid(hex: string): Buffer {
  const bytes = Buffer.from(hex, "hex");
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function halves(signature: Buffer): Buffer {
  const half = signature.length / 2;
  return Buffer.concat([mpi(signature.subarray(0, half)), mpi(signature.subarray(half))]);
}
