import * as v from "valibot";
import type { ImageSignature } from "../../signatures/index.ts";
import { payloadType, signatureAnnotation } from "./signature-manifest.ts";

/** What files with signatures of cosign's form begin with; those of GPG are as gpg makes them. */
const prefix = Buffer.from("\0sigstore-json\n");

const schema = v.object({
  mimeType: v.literal(payloadType),
  payload: v.pipe(v.string(), v.base64()),
  annotations: v.object({ [signatureAnnotation]: v.string() }),
});

/**
 * A signature as podman and skopeo have it in a file. What is in none of the forms that are known is a signature that
 * nobody has made.
 * Source: https://github.com/containers/image/blob/v5.36.2/internal/signature/signature.go
 */
export function readSignatureFile(data: Uint8Array): ImageSignature {
  if (!Buffer.from(data).subarray(0, prefix.length).equals(prefix)) return { payload: data, signature: "" };
  const result = v.safeParse(schema, parseJson(data.subarray(prefix.length)));
  if (!result.success) return { payload: data, signature: "" };
  const { payload, annotations } = result.output;
  return {
    payload: new Uint8Array(Buffer.from(payload, "base64")),
    signature: annotations[signatureAnnotation] as string,
  };
}

/** The bytes of such a file. */
export function formatSignatureFile({ payload, signature }: ImageSignature): Uint8Array {
  if (signature === "") return payload;
  const document = {
    mimeType: payloadType,
    payload: Buffer.from(payload).toString("base64"),
    annotations: { [signatureAnnotation]: signature },
  };
  return Buffer.concat([prefix, Buffer.from(JSON.stringify(document))]);
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    return undefined;
  }
}
