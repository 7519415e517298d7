/** A signature as it lies beside an image. Nobody has checked it. */
export type ImageSignature = {
  /** The bytes that were signed; where GnuPG signed, the OpenPGP message that holds them and the signature. */
  readonly payload: Uint8Array;
  /** In base64; empty where it is in the payload. */
  readonly signature: string;
};

/** Whose signature it is: one of cosign's keys', or one of OpenPGP's, as GnuPG makes it for podman and skopeo. */
export type SignatureForm = "cosign" | "gpg";

/** The most signatures of one image that are looked at. */
export const maxSignatures = 100;

/** Packets of OpenPGP begin with a bit that no text begins with. */
export function formOf({ payload, signature }: ImageSignature): SignatureForm {
  return signature === "" && ((payload[0] ?? 0) & 0x80) !== 0 ? "gpg" : "cosign";
}
