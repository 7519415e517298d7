import * as v from "valibot";
import { type Digest, isDigest, jsonPointer } from "../base/index.ts";
import { signatureError } from "./errors.ts";
import type { SignatureForm } from "./image-signature.ts";

/** What a signature says about an image. */
export type Claim = {
  /** As it was signed: with a tag, with a digest, without both, or empty, which is how cosign 3 signs. */
  readonly name: string;
  /** Of the manifest or index. */
  readonly digest: Digest;
  /** What the signer has added, which nothing here goes by. */
  readonly optional: Readonly<Record<string, unknown>>;
};

/** The longest statement that is read, in bytes. */
export const maxPayload = 64 * 1024;

/** What tells a statement of one form from that of the other: a signature of the one is none of the other. */
const types: Readonly<Record<SignatureForm, string>> = {
  cosign: "cosign container image signature",
  gpg: "atomic container signature",
};

const schemaOf = (form: SignatureForm) =>
  v.strictObject({
    critical: v.strictObject({
      type: v.literal(types[form]),
      image: v.strictObject({
        "docker-manifest-digest": v.pipe(v.string(), v.check(isDigest, "expected a digest")),
      }),
      identity: v.strictObject({ "docker-reference": v.pipe(v.string(), v.maxLength(1024)) }),
    }),
    optional: v.nullish(v.record(v.string(), v.unknown())),
  });

/**
 * The bytes that are signed: what is known as simple signing, as cosign and skopeo write it.
 * Source: https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md#simple-signing and
 * https://github.com/containers/image/blob/v5.36.2/docs/containers-signature.5.md
 */
export function formatPayload({ name, digest, optional }: Claim, form: SignatureForm = "cosign"): Uint8Array {
  const critical = {
    identity: { "docker-reference": name },
    image: { "docker-manifest-digest": digest },
    type: types[form],
  };
  const isNothing = form === "cosign" && Object.keys(optional).length === 0;
  return Buffer.from(JSON.stringify({ critical, optional: isNothing ? null : optional }));
}

/** Reads what simple signing signs; what is not known in it is refused. @throws SIGNATURE_PAYLOAD */
export function parsePayload(data: Uint8Array, form: SignatureForm = "cosign"): Claim {
  const result = v.safeParse(schemaOf(form), parseJson(data), { abortEarly: true });
  if (!result.success) {
    const [issue] = result.issues;
    const pointer = jsonPointer((issue.path ?? []).map(({ key }) => String(key))) || "/";
    throw malformed(`${pointer}: ${issue.message.slice(0, 200)}`);
  }
  const { critical, optional } = result.output;
  return {
    name: critical.identity["docker-reference"],
    digest: critical.image["docker-manifest-digest"] as Digest,
    optional: optional ?? {},
  };
}

function parseJson(data: Uint8Array): unknown {
  if (data.length > maxPayload) throw malformed(`it has more than ${maxPayload} bytes`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw malformed("it is no JSON");
  }
}

function malformed(reason: string) {
  return signatureError("PAYLOAD", `cannot use what was signed: ${reason}`);
}
