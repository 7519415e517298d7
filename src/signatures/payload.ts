import * as v from "valibot";
import { type Digest, isDigest, jsonPointer } from "../base/index.ts";
import { signatureError } from "./errors.ts";

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

const TYPE = "cosign container image signature";

const schema = v.strictObject({
  critical: v.strictObject({
    type: v.literal(TYPE),
    image: v.strictObject({
      "docker-manifest-digest": v.pipe(v.string(), v.check(isDigest, "expected a digest")),
    }),
    identity: v.strictObject({ "docker-reference": v.pipe(v.string(), v.maxLength(1024)) }),
  }),
  optional: v.nullish(v.record(v.string(), v.unknown())),
});

/**
 * The bytes that are signed: what is known as simple signing, as cosign and skopeo write it.
 * Source: https://github.com/sigstore/cosign/blob/v2.5.0/specs/SIGNATURE_SPEC.md#simple-signing
 */
export function formatPayload({ name, digest, optional }: Claim): Uint8Array {
  const critical = {
    identity: { "docker-reference": name },
    image: { "docker-manifest-digest": digest },
    type: TYPE,
  };
  const hasMore = Object.keys(optional).length > 0;
  return Buffer.from(JSON.stringify({ critical, optional: hasMore ? optional : null }));
}

/** Reads what simple signing signs; what is not known in it is refused. @throws SIGNATURE_PAYLOAD */
export function parsePayload(data: Uint8Array): Claim {
  const result = v.safeParse(schema, parseJson(data), { abortEarly: true });
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
