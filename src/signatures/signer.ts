import { messageOf, TugError } from "../base/index.ts";
import { maxKeyRing, readKeyRing, readSignedMessage } from "../openpgp/index.ts";
import { signatureError } from "./errors.ts";
import { formOf, type ImageSignature, type SignatureForm } from "./image-signature.ts";
import { type Claim, maxPayload, parsePayload } from "./payload.ts";
import { decodeBase64 } from "./pem.ts";
import type { PublicKey } from "./public-key.ts";
import { digestOfStatement, isStatement } from "./statement.ts";

/** The longest signature, in characters of base64; RSA with 8192 bits has 1368. */
const maxSignature = 4096;

/** The largest file with keys for `gpgSigner`, in bytes. */
export const maxGpgKeys = maxKeyRing;

/** What a signature is worth to who trusts a signer. */
export type OpenedSignature =
  /** The signer made it. @throws SIGNATURE_PAYLOAD where that is no statement about an image */
  | { readonly kind: "good"; readonly claim: () => Claim }
  /** Somebody else made it. */
  | { readonly kind: "other" }
  /** It does not count; the reason begins with "it" or "its". */
  | { readonly kind: "bad"; readonly reason: string };

/** Who signatures can be checked against. Nothing that was signed is read before it is known that the signer made it. */
export interface Signer {
  readonly form: SignatureForm;
  open(signature: ImageSignature): OpenedSignature;
}

/** Who has one of cosign's keys. */
export function keySigner(key: PublicKey): Signer {
  return {
    form: "cosign",
    open(each) {
      const { payload, signature } = each;
      if (payload.length > maxPayload || signature.length > maxSignature) return { kind: "other" };
      const bytes = decodeBase64(signature);
      if (bytes === undefined || !key.verifies(payload, bytes)) return { kind: "other" };
      return { kind: "good", claim: () => unverifiedClaim(each) };
    },
  };
}

/**
 * Who has one of the keys of OpenPGP in files such as `gpg --export` writes.
 * @param name of the files for errors
 * @param now milliseconds since the epoch: keys that have expired by then do not count
 * @throws SIGNATURE_KEY
 */
export function gpgSigner(files: readonly Uint8Array[], name: string, now = Date.now()): Signer {
  const ring = attempt(
    () => readKeyRing(files, Math.floor(now / 1000)),
    (reason, cause) =>
      signatureError("KEY", `cannot use the GPG keys ${name}: ${reason}`, {
        hint: "`gpg --export FINGERPRINT` writes such a file",
        cause,
      }),
  );
  return {
    form: "gpg",
    open(signature) {
      if (formOf(signature) !== "gpg") return { kind: "other" };
      try {
        const opened = ring.open(signature.payload);
        return opened.kind === "good"
          ? { kind: "good", claim: () => parsePayload(opened.data, "gpg") }
          : opened;
      } catch (error) {
        if (error instanceof TugError) return { kind: "bad", reason: error.message };
        throw error;
      }
    },
  };
}

/** What a signature says, whoever made it. @throws SIGNATURE_PAYLOAD */
export function unverifiedClaim(signature: ImageSignature): Claim {
  const { payload } = signature;
  if (formOf(signature) === "gpg") {
    const { data } = attempt(
      () => readSignedMessage(payload),
      (reason, cause) => signatureError("PAYLOAD", `cannot use what was signed: ${reason}`, { cause }),
    );
    return parsePayload(data, "gpg");
  }
  if (!isStatement(payload)) return parsePayload(payload);
  const digest = digestOfStatement(payload);
  if (digest === undefined) throw signatureError("PAYLOAD", "what was signed is another statement");
  return { name: "", digest, optional: {} };
}

/** What is written as OpenPGP has it, with an error of this module where it is not. */
function attempt<T>(read: () => T, failure: (reason: string, cause: TugError) => TugError): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TugError) throw failure(messageOf(error), error);
    throw error;
  }
}
