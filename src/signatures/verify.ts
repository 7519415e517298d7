import { type Digest, messageOf } from "../base/index.ts";
import { signatureError } from "./errors.ts";
import { type ImageSignature, maxSignatures } from "./image-signature.ts";
import type { Claim } from "./payload.ts";
import type { OpenedSignature, Signer } from "./signer.ts";

export type Wanted = {
  readonly signer: Signer;
  /** Name of the signer's key for people, such as its file. */
  readonly keyName: string;
  /** Of the image: each of these stands for it. */
  readonly digests: readonly Digest[];
  /** Whether the name that was signed is one by which the image may go; it is empty where none was signed. */
  readonly acceptsName: (name: string) => boolean;
};

/** How far the best signature got, the nearest to being good last. */
const failures = ["MISSING", "OTHER_KEY", "UNFIT", "PAYLOAD", "OTHER_DIGEST", "OTHER_NAME"] as const;

/** A signature that is good, and what it says. */
export type GoodSignature = { readonly claim: Claim; readonly signature: ImageSignature };

/** What the signatures of an image are worth: what the signer says of it, at least once, or why that is nothing. */
export type Verdict =
  | { readonly kind: "good"; readonly signatures: readonly GoodSignature[] }
  | { readonly kind: (typeof failures)[number]; readonly reason: string };

/** Judges the signatures of an image. Nothing that was signed is read before it is known that the signer made it. */
export function judgeSignatures(signatures: readonly ImageSignature[], wanted: Wanted): Verdict {
  if (signatures.length === 0) return { kind: "MISSING", reason: "it has no signature" };
  const verdicts = signatures.slice(0, maxSignatures).flatMap((signature): Verdict[] => {
    const opened = wanted.signer.open(signature);
    return opened.kind === "other" ? [] : [judge({ signature, opened }, wanted)];
  });
  const good = verdicts.filter((each) => each.kind === "good");
  if (good.length > 0) return { kind: "good", signatures: good.flatMap(({ signatures }) => signatures) };
  const rank = ({ kind }: Verdict) => (failures as readonly string[]).indexOf(kind);
  const [best] = verdicts.toSorted((a, b) => rank(b) - rank(a));
  if (best !== undefined) return best;
  const which = signatures.length === 1 ? "its signature was not" : "none of its signatures was";
  return { kind: "OTHER_KEY", reason: `${which} made with ${wanted.keyName}` };
}

/**
 * All signatures that are good, at least one.
 * @param image its name for errors
 * @throws SIGNATURE_MISSING, SIGNATURE_OTHER_KEY, SIGNATURE_UNFIT, SIGNATURE_PAYLOAD, SIGNATURE_OTHER_DIGEST,
 *   SIGNATURE_OTHER_NAME
 */
export function verifySignatures(
  signatures: readonly ImageSignature[],
  wanted: Wanted,
  image: string,
): readonly Claim[] {
  const verdict = judgeSignatures(signatures, wanted);
  if (verdict.kind === "good") return verdict.signatures.map(({ claim }) => claim);
  throw signatureError(verdict.kind, `cannot verify ${image}: ${verdict.reason}`);
}

type Opened = {
  readonly signature: ImageSignature;
  readonly opened: OpenedSignature & { kind: "good" | "bad" };
};

function judge({ signature, opened }: Opened, { digests, acceptsName, keyName }: Wanted): Verdict {
  if (opened.kind === "bad")
    return { kind: "UNFIT", reason: `its signature does not count: ${opened.reason}` };
  const claim = attempt(opened.claim);
  if (typeof claim === "string") return { kind: "PAYLOAD", reason: claim };
  if (!digests.includes(claim.digest)) {
    return { kind: "OTHER_DIGEST", reason: `${keyName} has signed another image: ${claim.digest}` };
  }
  if (acceptsName(claim.name)) return { kind: "good", signatures: [{ claim, signature }] };
  const name = claim.name === "" ? "no name" : `another name: ${quoted(claim.name)}`;
  return { kind: "OTHER_NAME", reason: `${keyName} has signed it under ${name}` };
}

/** The claim, or why it is none. */
function attempt(read: () => Claim): Claim | string {
  try {
    return read();
  } catch (error) {
    return messageOf(error);
  }
}

/** It is signed, but whoever signed it is not to write to the terminal as they please. */
function quoted(name: string): string {
  return JSON.stringify(name).slice(0, 300);
}
