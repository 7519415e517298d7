import { type Digest, messageOf } from "../base/index.ts";
import { signatureError } from "./errors.ts";
import { type Claim, maxPayload, parsePayload } from "./payload.ts";
import { decodeBase64 } from "./pem.ts";
import type { PublicKey } from "./public-key.ts";
import { digestOfStatement, isStatement } from "./statement.ts";

/** A signature as it lies beside an image. Nobody has checked it. */
export type ImageSignature = {
  /** The bytes that were signed. */
  readonly payload: Uint8Array;
  /** In base64. */
  readonly signature: string;
};

/** The most signatures of one image that are looked at. */
export const maxSignatures = 100;

/** The longest signature, in characters of base64; RSA with 8192 bits has 1368. */
const maxSignature = 4096;

export type Wanted = {
  readonly key: PublicKey;
  /** Name of the key for people, such as its file. */
  readonly keyName: string;
  /** Of the image: each of these stands for it. */
  readonly digests: readonly Digest[];
  /** Whether the name that was signed is one by which the image may go; it is empty where none was signed. */
  readonly acceptsName: (name: string) => boolean;
};

/** How far the best signature got, the nearest to being good last. */
const failures = ["MISSING", "OTHER_KEY", "PAYLOAD", "OTHER_DIGEST", "OTHER_NAME"] as const;

/** What the signatures of an image are worth: what the key says of it, at least once, or why that is nothing. */
export type Verdict =
  | {
      readonly kind: "good";
      readonly claims: readonly Claim[];
      /** Those that say so. */
      readonly signatures: readonly ImageSignature[];
    }
  | { readonly kind: (typeof failures)[number]; readonly reason: string };

/** Judges the signatures of an image. Nothing that was signed is read before it is known that the key made it. */
export function judgeSignatures(signatures: readonly ImageSignature[], wanted: Wanted): Verdict {
  if (signatures.length === 0) return { kind: "MISSING", reason: "it has no signature" };
  const made = signatures.slice(0, maxSignatures).filter((each) => isMadeBy(each, wanted.key));
  if (made.length === 0) {
    const which = signatures.length === 1 ? "its signature was not" : "none of its signatures was";
    return { kind: "OTHER_KEY", reason: `${which} made with ${wanted.keyName}` };
  }
  const verdicts = made.map((each) => judgePayload(each, wanted));
  const good = verdicts.filter((each) => each.kind === "good");
  if (good.length > 0) {
    return {
      kind: "good",
      claims: good.flatMap(({ claims }) => claims),
      signatures: good.flatMap(({ signatures }) => signatures),
    };
  }
  const rank = ({ kind }: Verdict) => (failures as readonly string[]).indexOf(kind);
  return verdicts.toSorted((a, b) => rank(b) - rank(a))[0] as Verdict;
}

/**
 * The claims of all signatures that are good, at least one.
 * @param image its name for errors
 * @throws SIGNATURE_MISSING, SIGNATURE_OTHER_KEY, SIGNATURE_PAYLOAD, SIGNATURE_OTHER_DIGEST, SIGNATURE_OTHER_NAME
 */
export function verifySignatures(
  signatures: readonly ImageSignature[],
  wanted: Wanted,
  image: string,
): readonly Claim[] {
  const verdict = judgeSignatures(signatures, wanted);
  if (verdict.kind === "good") return verdict.claims;
  throw signatureError(verdict.kind, `cannot verify ${image}: ${verdict.reason}`);
}

function isMadeBy({ payload, signature }: ImageSignature, key: PublicKey): boolean {
  if (payload.length > maxPayload || signature.length > maxSignature) return false;
  const bytes = decodeBase64(signature);
  return bytes !== undefined && key.verifies(payload, bytes);
}

function judgePayload(signature: ImageSignature, { digests, acceptsName, keyName }: Wanted): Verdict {
  const read = readClaim(signature.payload);
  if (typeof read === "string") return { kind: "PAYLOAD", reason: read };
  if (!digests.includes(read.digest)) {
    return { kind: "OTHER_DIGEST", reason: `${keyName} has signed another image: ${read.digest}` };
  }
  if (acceptsName(read.name)) return { kind: "good", claims: [read], signatures: [signature] };
  const name = read.name === "" ? "no name" : `another name: ${quoted(read.name)}`;
  return { kind: "OTHER_NAME", reason: `${keyName} has signed it under ${name}` };
}

/** The claim, or why it is none. */
function readClaim(payload: Uint8Array): Claim | string {
  if (isStatement(payload)) {
    const digest = digestOfStatement(payload);
    return digest === undefined ? "what was signed is another statement" : { name: "", digest, optional: {} };
  }
  try {
    return parsePayload(payload);
  } catch (error) {
    return messageOf(error);
  }
}

/** It is signed, but whoever signed it is not to write to the terminal as they please. */
function quoted(name: string): string {
  return JSON.stringify(name).slice(0, 300);
}
