import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { messageOf } from "../base/index.ts";
import { signatureError } from "./errors.ts";
import { parsePem } from "./pem.ts";

/** Who a signature can be checked against. */
export interface PublicKey {
  /** In PEM, as cosign writes it. */
  readonly pem: string;
  /** SHA-256 of the key in DER, in hexadecimal digits: tells keys apart. */
  readonly fingerprint: string;
  /** Whether the key made this signature of these bytes. */
  verifies(data: Uint8Array, signature: Uint8Array): boolean;
}

/** Keys of RSA that are shorter can be broken, longer ones take too long, in bits. */
const rsaBits = { least: 2048, most: 8192 };

const curves = ["prime256v1", "secp384r1", "secp521r1"];

/**
 * Reads a public key in PEM: ECDSA on a curve of NIST, RSA or Ed25519.
 *
 * The kind of the key alone decides how signatures are checked, as in cosign: ECDSA in DER and RSA PKCS #1 v1.5, both
 * over SHA-256, and Ed25519 over the data.
 * @param name of the key for errors, such as its file
 * @throws SIGNATURE_KEY
 */
export function readPublicKey(text: string, name: string): PublicKey {
  const block = parsePem(text);
  if (block === undefined) throw unusable(name, "it is no PEM file with one key");
  if (block.label !== "PUBLIC KEY")
    throw unusable(name, `it holds "${block.label}" where "PUBLIC KEY" should be`);
  return publicKey(importKey(block.bytes, name), name);
}

/** The public key of a key pair. @throws SIGNATURE_KEY for kinds that are not used */
export function publicKey(key: KeyObject, name: string): PublicKey {
  const algorithm = algorithmOf(key, name);
  const pem = String(key.export({ type: "spki", format: "pem" }));
  const der = key.export({ type: "spki", format: "der" });
  return {
    pem,
    fingerprint: createHash("sha256").update(der).digest("hex"),
    verifies: (data, signature) => verify(algorithm, data, key, signature),
  };
}

/** The digest that signatures of a key are made over; null where the scheme has its own. @throws SIGNATURE_KEY */
export function algorithmOf(key: KeyObject, name: string): "sha256" | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (type === "ed25519") return null;
  if (type === "ec") {
    if (curves.includes(details.namedCurve ?? "")) return "sha256";
    throw unusable(name, `its curve ${details.namedCurve} is not used for signatures`);
  }
  if (type !== "rsa") throw unusable(name, `keys of ${type} are not used for signatures`);
  const bits = details.modulusLength ?? 0;
  if (bits >= rsaBits.least && bits <= rsaBits.most) return "sha256";
  throw unusable(name, `it has ${bits} bits, not between ${rsaBits.least} and ${rsaBits.most}`);
}

function importKey(der: Uint8Array, name: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
  } catch (cause) {
    throw unusable(name, messageOf(cause), cause);
  }
}

function unusable(name: string, reason: string, cause?: unknown) {
  return signatureError("KEY", `cannot use key ${name}: ${reason}`, {
    hint: "a public key is what `tug image key generate` and cosign write into *.pub",
    cause,
  });
}
