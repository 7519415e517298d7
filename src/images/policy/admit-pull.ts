import type { Digest } from "../../base/index.ts";
import type { GoodSignature, ImageSignature, SignatureForm } from "../../signatures/index.ts";
import { type Descriptor, type Platform, parseManifestDocument } from "../../specs/index.ts";
import { chooseManifest, hostPlatform } from "../platform.ts";
import { type Reference, withoutTagBesideDigest } from "../reference.ts";
import type { Repository } from "../registry/repository.ts";
import { readSignatures } from "../signatures/read-signatures.ts";
import { signatureTag } from "../signatures/signature-names.ts";
import { unlessMissing } from "../signatures/unless-missing.ts";
import { readRegistryImage } from "../transports/registry-image.ts";
import { type AdmissionOptions, refused } from "./admit.ts";
import { judgeImage } from "./judge-image.ts";

export type PullAdmission = {
  readonly reference: Reference;
  /** Of the image, for errors. */
  readonly name: string;
  /** What the reference stands for. */
  readonly target: Descriptor;
  /** The bytes of that manifest or index. */
  readonly document: () => Promise<Uint8Array>;
  readonly repository: Repository;
  readonly platform: Platform | undefined;
  readonly signal: AbortSignal | undefined;
};

/**
 * Asks the policy whether an image may come in, before anything of it is fetched. A signature of the index is as good as
 * one of the image that is chosen from it.
 * @returns the good ones, for `keepSignatures` once the image is here: it is to run by them
 * @throws IMAGE_POLICY, IMAGE_POLICY_REFUSED, and what reading the signatures throws
 */
export async function admitPull(
  options: AdmissionOptions,
  pull: PullAdmission,
): Promise<readonly GoodSignature[]> {
  const policy = await options.policy();
  if (policy === undefined) return [];
  const { name, target } = pull;
  const reference = withoutTagBesideDigest(pull.reference);
  const judge = (digests: readonly Digest[], signaturesOf: SignaturesOf) => {
    const signatures = async (form: SignatureForm) =>
      (await Promise.all(digests.map((digest) => signaturesOf(digest, form)))).flat();
    return judgeImage(policy, { reference, digests, signatures });
  };
  const inRegistry = once((digest, form) => signaturesBeside(options, pull, { digest, form }));
  let judgement = await judge([target.digest], async (digest) => options.signatures.of(digest));
  if (!judgement.accepted && judgement.unsigned) judgement = await judge([target.digest], inRegistry);
  if (!judgement.accepted && judgement.unsigned) {
    const chosen = await chosenFrom(pull);
    if (chosen !== undefined) judgement = await judge([target.digest, chosen], inRegistry);
  }
  if (!judgement.accepted) throw refused("pull", name, judgement);
  return judgement.signatures;
}

/**
 * Refuses what no signature would help, before its registry is asked for anything.
 * @throws IMAGE_POLICY, IMAGE_POLICY_REFUSED
 */
export async function admitName(
  options: Pick<AdmissionOptions, "policy">,
  { reference, name }: Pick<PullAdmission, "reference" | "name">,
): Promise<void> {
  const policy = await options.policy();
  if (policy === undefined) return;
  const nothing = { digests: [], signatures: async () => [] };
  const judgement = await judgeImage(policy, { reference: withoutTagBesideDigest(reference), ...nothing });
  if (!judgement.accepted && !judgement.unsigned) throw refused("pull", name, judgement);
}

type SignaturesOf = (digest: Digest, form: SignatureForm) => Promise<readonly ImageSignature[]>;

/** Reads the signatures of each digest in each form no more than once. */
function once(read: SignaturesOf): SignaturesOf {
  const known = new Map<string, Promise<readonly ImageSignature[]>>();
  return (digest, form) => {
    const key = `${form} ${digest}`;
    const reading = known.get(key) ?? read(digest, form);
    known.set(key, reading);
    return reading;
  };
}

/** The image of an index that is going to be taken; undefined for what is no index. */
async function chosenFrom({ document, target, name, platform }: PullAdmission): Promise<Digest | undefined> {
  const read = parseManifestDocument(
    await document(),
    `manifest ${target.digest} of ${name}`,
    target.mediaType,
  );
  if (read.kind === "manifest") return undefined;
  return chooseManifest(read.index, platform ?? hostPlatform(), name, { orElse: true }).digest;
}

async function signaturesBeside(
  { lookaside }: AdmissionOptions,
  { repository, reference, name, signal }: PullAdmission,
  { digest, form }: { digest: Digest; form: SignatureForm },
): Promise<readonly ImageSignature[]> {
  if (form === "gpg") return await lookaside.list(reference, digest, signal);
  const { domain, path } = reference;
  const source = readRegistryImage(repository, { domain, path, tag: signatureTag(digest) });
  return (await unlessMissing(() => readSignatures(source, name, signal))) ?? [];
}
