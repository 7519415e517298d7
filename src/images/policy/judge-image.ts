import { type Digest, TugError } from "../../base/index.ts";
import {
  type GoodSignature,
  gpgSigner,
  type ImageSignature,
  judgeSignatures,
  keySigner,
  maxGpgKeys,
  maxKeyFile,
  readPublicKey,
  type SignatureForm,
  type Signer,
} from "../../signatures/index.ts";
import type { Reference } from "../reference.ts";
import { type Policy, type PolicyKey, type Requirement, unusable } from "./policy.ts";
import { readNamedFile } from "./policy-file.ts";
import { fitsIdentity } from "./signed-identity.ts";

/** What a policy looks at. */
export type JudgedImage = {
  /** Undefined where it has no name. */
  readonly reference: Reference | undefined;
  /** Of what the name stands for, and of the image that was chosen from that. */
  readonly digests: readonly Digest[];
  /** Those of a form, others maybe among them. Asked only when they matter. Nobody has verified them. */
  readonly signatures: (form: SignatureForm) => Promise<readonly ImageSignature[]>;
};

/** Whether a policy lets an image in or run: by which signatures, or why not. */
export type Judgement =
  | { readonly accepted: true; readonly signatures: readonly GoodSignature[] }
  /** `unsigned`: other signatures might do. */
  | { readonly accepted: false; readonly reason: string; readonly unsigned: boolean };

/** Judges an image by all requirements that are made of it. @throws IMAGE_POLICY for a key that is of no use */
export async function judgeImage(policy: Policy, image: JudgedImage): Promise<Judgement> {
  const signatures: GoodSignature[] = [];
  for (const requirement of policy.requirementsFor(image.reference)) {
    const judgement = await judgeRequirement(requirement, image);
    if (!judgement.accepted) return judgement;
    signatures.push(...judgement.signatures);
  }
  return { accepted: true, signatures };
}

async function judgeRequirement(requirement: Requirement, image: JudgedImage): Promise<Judgement> {
  const { place } = requirement;
  switch (requirement.kind) {
    case "accept":
      return { accepted: true, signatures: [] };
    case "reject":
      return { accepted: false, reason: `the policy ${place} rejects it`, unsigned: false };
    case "unknown": {
      const reason = `the policy ${place} asks for ${requirement.what}, which tug cannot check`;
      return { accepted: false, reason, unsigned: false };
    }
    case "signed":
      return await judgeSigned(requirement, image);
  }
}

/** One of the keys is enough. */
async function judgeSigned(
  { form, keys, identity, place }: Requirement & { kind: "signed" },
  { reference, digests, signatures }: JudgedImage,
): Promise<Judgement> {
  const reasons: string[] = [];
  for (const each of keys) {
    const { signer, keyName } = await readSigner(each, { form, place });
    const acceptsName = (signed: string) => fitsIdentity(identity, reference, signed);
    const verdict = judgeSignatures(await signatures(form), { signer, keyName, digests, acceptsName });
    if (verdict.kind === "good") return { accepted: true, signatures: verdict.signatures };
    reasons.push(verdict.reason);
  }
  const reason = `the policy ${place} wants it signed: ${[...new Set(reasons)].join("; ")}`;
  return { accepted: false, reason, unsigned: true };
}

type KeyPlace = { readonly form: SignatureForm; readonly place: string };

async function readSigner(
  key: PolicyKey,
  { form, place }: KeyPlace,
): Promise<{ signer: Signer; keyName: string }> {
  try {
    if ("data" in key) return { signer: signerOf(key.data, "in it", form), keyName: "the key in it" };
    const data = await readNamedFile(key.path, form === "gpg" ? maxGpgKeys : maxKeyFile, place);
    if (data === undefined) throw unusable(place, `${key.path} is not there`);
    return { signer: signerOf(data, key.path, form), keyName: key.path };
  } catch (error) {
    if (error instanceof TugError && error.code === "SIGNATURE_KEY") throw unusable(place, error.message);
    throw error;
  }
}

function signerOf(data: Uint8Array, name: string, form: SignatureForm): Signer {
  return form === "gpg"
    ? gpgSigner([data], name)
    : keySigner(readPublicKey(Buffer.from(data).toString(), name));
}
