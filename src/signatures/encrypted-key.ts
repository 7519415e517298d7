import { randomBytes, scrypt } from "node:crypto";
import * as v from "valibot";
import { jsonPointer } from "../base/index.ts";
import { signatureError } from "./errors.ts";
import { decodeBase64 } from "./pem.ts";
import { KEY_SIZE, NONCE_SIZE, seal, unseal } from "./secretbox.ts";

/** Costs of scrypt that cosign and its relatives have used; others could take any time and memory. */
const costs = [32768, 65536, 131072];

/** The only cost that all of their versions read. */
const usualCost = 32768;

const SALT_SIZE = 32;

/** The longest message in a box: that of a long key of RSA, with room. */
const MAX_BOX = 16 * 1024;

const bytes = v.pipe(
  v.string(),
  v.maxLength(2 * MAX_BOX),
  v.transform(decodeBase64),
  v.check((value) => value !== undefined, "expected base64"),
  v.transform((value) => value as Uint8Array),
);

const schema = v.strictObject({
  kdf: v.strictObject({
    name: v.literal("scrypt"),
    params: v.strictObject({ N: v.picklist(costs), r: v.literal(8), p: v.literal(1) }),
    salt: v.pipe(bytes, v.maxLength(4 * SALT_SIZE)),
  }),
  cipher: v.strictObject({ name: v.literal("nacl/secretbox"), nonce: v.pipe(bytes, v.length(NONCE_SIZE)) }),
  ciphertext: v.pipe(bytes, v.maxLength(MAX_BOX)),
});

/**
 * A private key in DER, encrypted with a password: JSON as cosign keeps it in PEM.
 * Source: https://github.com/theupdateframework/go-tuf/blob/v0.7.0/encrypted/encrypted.go
 */
export async function encryptKey(der: Uint8Array, password: string): Promise<Uint8Array> {
  const [salt, nonce] = [randomBytes(SALT_SIZE), randomBytes(NONCE_SIZE)];
  const box = seal(der, nonce, await derive(password, salt, usualCost));
  const text = (part: Uint8Array) => Buffer.from(part).toString("base64");
  const document = {
    kdf: { name: "scrypt", params: { N: usualCost, r: 8, p: 1 }, salt: text(salt) },
    cipher: { name: "nacl/secretbox", nonce: text(nonce) },
    ciphertext: text(box),
  };
  return Buffer.from(JSON.stringify(document));
}

/**
 * The private key in DER.
 * @throws SIGNATURE_KEY for a document of another form, SIGNATURE_PASSWORD
 */
export async function decryptKey(
  document: Uint8Array,
  { name, askPassword }: { name: string; askPassword: () => Promise<string> },
): Promise<Uint8Array> {
  const { kdf, cipher, ciphertext } = parseDocument(document, name);
  const password = await askPassword();
  const der = unseal(ciphertext, cipher.nonce, await derive(password, kdf.salt, kdf.params.N));
  if (der !== undefined) return der;
  throw signatureError("PASSWORD", `cannot decrypt private key ${name}: the password is another one`);
}

function parseDocument(document: Uint8Array, name: string): v.InferOutput<typeof schema> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(document).toString());
  } catch (cause) {
    throw signatureError("KEY", `cannot use private key ${name}: what it holds is no JSON`, { cause });
  }
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const pointer = jsonPointer((issue.path ?? []).map(({ key }) => String(key))) || "/";
  throw signatureError("KEY", `cannot use private key ${name}: ${pointer}: ${issue.message}`);
}

function derive(password: string, salt: Uint8Array, cost: number): Promise<Uint8Array> {
  // Node counts a little more than the 128 * N * r bytes that the algorithm takes.
  const settings = { N: cost, r: 8, p: 1, maxmem: 2 * 128 * cost * 8 };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, KEY_SIZE, settings, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
