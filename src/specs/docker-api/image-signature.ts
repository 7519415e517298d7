import * as v from "valibot";
import { struct, text } from "./fields.ts";
import { parseJson } from "./parse.ts";
import { placeAccessSchema } from "./remote-image.ts";

/** The longest statement or signature, in characters of base64. */
const MAX_BASE64 = 128 * 1024;

const base64 = v.pipe(v.string(), v.maxLength(MAX_BASE64), v.base64("must be base64"));

const signature = struct({
  /** What was signed, in base64; for a GPG signature the message that holds it and the signature. */
  Payload: base64,
  /** In base64; empty for a GPG signature. */
  Signature: base64,
});

/** Forms of signatures: those of cosign's keys, and GPG signatures. */
export const signatureForms = ["cosign", "gpg"] as const;

export type SignatureForm = (typeof signatureForms)[number];

const schema = struct({ Place: text, Signature: signature, Access: v.optional(placeAccessSchema) });

/** A signature as it lies beside an image. */
export type ImageSignature = v.InferOutput<typeof signature>;

/** Body of POST /tug/images/sign. The place is written as in docs/images.md; its path is absolute. */
export type SignBody = v.InferOutput<typeof schema>;

/** Reads the body of POST /tug/images/sign. @throws DOCKER_API_BODY */
export function parseSignBody(body: string): SignBody {
  return parseJson(schema, body, "the signature of an image");
}

/** Answer to GET /tug/images/signatures: what lies beside an image, which nobody has verified. */
export type SignedImage = {
  /** What the place stands for. */
  readonly Digest: string;
  /** Full names by which the image goes there; none in a layout. */
  readonly Names: readonly string[];
  readonly Signatures: readonly ImageSignature[];
};
