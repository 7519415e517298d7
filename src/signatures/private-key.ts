import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { messageOf } from "../base/index.ts";
import { decryptKey, encryptKey } from "./encrypted-key.ts";
import { signatureError } from "./errors.ts";
import { formatPem, parsePem } from "./pem.ts";
import { algorithmOf, type PublicKey, publicKey } from "./public-key.ts";

/** What signatures are made with. */
export interface PrivateKey {
  readonly publicKey: PublicKey;
  sign(data: Uint8Array): Uint8Array;
}

/** A new pair as two PEM files. */
export type KeyFiles = { readonly privateKey: string; readonly publicKey: string };

/** cosign 3 calls the same thing otherwise, and older readers know only the first. */
const labels = ["ENCRYPTED COSIGN PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY"] as const;

/**
 * Makes a key pair of ECDSA on P-256, which every version of cosign, skopeo and podman takes.
 * @param password may be empty, as in cosign
 */
export async function makeKeyFiles(password: string): Promise<KeyFiles> {
  const pair = await promisify(generateKeyPair)("ec", { namedCurve: "prime256v1" });
  const der = pair.privateKey.export({ type: "pkcs8", format: "der" });
  const bytes = await encryptKey(der, password);
  return {
    privateKey: formatPem({ label: labels[0], bytes }),
    publicKey: publicKey(pair.publicKey, "of a new pair").pem,
  };
}

/**
 * Reads a private key as cosign, skopeo and `makeKeyFiles` write it.
 * @param askPassword asked when the file is what it should be
 * @param name of the key for errors, such as its file
 * @throws SIGNATURE_KEY, SIGNATURE_PASSWORD
 */
export async function readPrivateKey(
  text: string,
  name: string,
  askPassword: () => Promise<string>,
): Promise<PrivateKey> {
  const block = parsePem(text);
  if (block === undefined) throw unusable(name, "it is no PEM file with one key");
  if (!labels.some((label) => label === block.label)) {
    throw unusable(name, `it holds "${block.label}" where "${labels[0]}" should be`);
  }
  return privateKey(importKey(await decryptKey(block.bytes, { name, askPassword }), name), name);
}

function privateKey(key: KeyObject, name: string): PrivateKey {
  const algorithm = algorithmOf(key, name);
  return {
    publicKey: publicKey(createPublicKey(key), name),
    sign: (data) => new Uint8Array(sign(algorithm, data, key)),
  };
}

function importKey(der: Uint8Array, name: string): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(der), format: "der", type: "pkcs8" });
  } catch (cause) {
    throw unusable(name, messageOf(cause), cause);
  }
}

function unusable(name: string, reason: string, cause?: unknown) {
  return signatureError("KEY", `cannot use private key ${name}: ${reason}`, {
    hint: "`tug image key generate` and `cosign generate-key-pair` make private keys",
    cause,
  });
}
