import { makeTestKey, type TestKeyKind } from "../../openpgp/testing/write-key.ts";
import { armored, certificate, signedMessage } from "../../openpgp/testing/write-message.ts";
import type { ImageSignature } from "../image-signature.ts";
import { type Claim, formatPayload } from "../payload.ts";

/** A key as GnuPG has it, with what is made with it. */
export type GpgTestKey = {
  /** The public key, for so many seconds from a minute ago on. */
  publicKey(lasts?: number): Buffer;
  /** The same as text. */
  publicText(): string;
  /** A signature of a statement about an image; `form` is whose words it has. */
  sign(claim: Claim, form?: "gpg" | "cosign"): ImageSignature;
};

/** Makes a key. */
export function makeGpgTestKey(kind?: TestKeyKind): GpgTestKey {
  const created = Math.floor(Date.now() / 1000) - 60;
  const key = makeTestKey(kind, created);
  const publicKey = (lasts?: number) => certificate({ key, created, ...(lasts !== undefined && { lasts }) });
  return {
    publicKey,
    publicText: () => armored(publicKey()),
    sign: (claim, form = "gpg") => ({
      payload: signedMessage({ by: key, created, data: formatPayload(claim, form), packed: true }),
      signature: "",
    }),
  };
}
