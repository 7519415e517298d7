import { createHash, createPublicKey, type JsonWebKey, type KeyObject, verify } from "node:crypto";
import { messageOf } from "../base/index.ts";
import { type ByteReader, byteReader, padded, readMpi } from "./byte-reader.ts";
import { unreadable } from "./errors.ts";

/** What is needed of a key to check signatures. */
export interface KeyMaterial {
  /**
   * Whether the key made a signature.
   * @param values the numbers of the signature, as they are in its packet
   * @throws OPENPGP_FORMAT for those that no key makes
   */
  verifies(hash: string, data: Uint8Array, values: Uint8Array): boolean;
}

/**
 * Numbers of algorithms that sign. DSA is not among them: nobody is to take its signatures any more.
 * Source: https://www.rfc-editor.org/rfc/rfc9580#section-9.1
 */
const algorithms: Readonly<Record<number, (reader: ByteReader) => KeyMaterial>> = {
  1: rsa,
  3: rsa,
  19: ecdsa,
  22: eddsa,
  27: (reader) => edwards("Ed25519", reader.take(32), takeWhole),
  28: (reader) => edwards("Ed448", reader.take(57), takeWhole),
};

/** Curves by the bytes that stand for them. Source: https://www.rfc-editor.org/rfc/rfc9580#section-9.2 */
const curves: Readonly<Record<string, { crv: string; size: number }>> = {
  "2a8648ce3d030107": { crv: "P-256", size: 32 },
  "2b81040022": { crv: "P-384", size: 48 },
  "2b81040023": { crv: "P-521", size: 66 },
};

const ed25519Legacy = "2b06010401da470f01";

/** Keys of RSA that are shorter can be broken, longer ones take too long, in bits. */
const rsaBits = { least: 2048, most: 8192 };

/**
 * The material of a public key, by the number of its algorithm.
 * @param bytes what follows that number in the packet
 * @throws OPENPGP_FORMAT for kinds of keys whose signatures are not taken
 */
export function readKeyMaterial(algorithm: number, bytes: Uint8Array): KeyMaterial {
  const read = algorithms[algorithm];
  if (read === undefined) throw unreadable(`signatures of keys of algorithm ${algorithm} are not taken`);
  return read(byteReader(bytes));
}

function rsa(reader: ByteReader): KeyMaterial {
  const [n, e] = [readMpi(reader), readMpi(reader)];
  const bits = n.length * 8;
  if (bits < rsaBits.least || bits > rsaBits.most) {
    throw unreadable(`its key has ${bits} bits, not between ${rsaBits.least} and ${rsaBits.most}`);
  }
  const key = importKey({ kty: "RSA", n: base64(n), e: base64(e) });
  return {
    verifies: (hash, data, values) => verify(hash, data, key, padded(readMpi(byteReader(values)), n.length)),
  };
}

function ecdsa(reader: ByteReader): KeyMaterial {
  const curve = curves[readCurve(reader)];
  const point = readMpi(reader);
  if (curve === undefined) throw unreadable("its key is on a curve whose signatures are not taken");
  const { crv, size } = curve;
  if (point.length !== 1 + 2 * size || point[0] !== 4) throw unreadable("its key is no point of its curve");
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  const key = importKey({ kty: "EC", crv, x: base64(x), y: base64(y) });
  return {
    verifies: (hash, data, values) =>
      verify(hash, data, { key, dsaEncoding: "ieee-p1363" }, twoNumbers(values, size)),
  };
}

/** The older form of Ed25519, in which GnuPG has it. */
function eddsa(reader: ByteReader): KeyMaterial {
  const curve = readCurve(reader);
  const point = readMpi(reader);
  if (curve !== ed25519Legacy) throw unreadable("its key is on a curve whose signatures are not taken");
  if (point.length !== 33 || point[0] !== 0x40) throw unreadable("its key is no point of its curve");
  return edwards("Ed25519", point.subarray(1), (values) => twoNumbers(values, 32));
}

/** What such keys sign is the digest of the data. */
function edwards(crv: string, point: Uint8Array, read: (values: Uint8Array) => Uint8Array): KeyMaterial {
  const key = importKey({ kty: "OKP", crv, x: base64(point) });
  return {
    verifies: (hash, data, values) => verify(null, createHash(hash).update(data).digest(), key, read(values)),
  };
}

const takeWhole = (values: Uint8Array) => values;

function twoNumbers(values: Uint8Array, size: number): Uint8Array {
  const reader = byteReader(values);
  return Buffer.concat([padded(readMpi(reader), size), padded(readMpi(reader), size)]);
}

function readCurve(reader: ByteReader): string {
  return Buffer.from(reader.take(reader.number(1))).toString("hex");
}

function importKey(jwk: JsonWebKey): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch (error) {
    throw unreadable(`its key is of no use: ${messageOf(error)}`);
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
