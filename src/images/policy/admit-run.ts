import type { Digest } from "../../base/index.ts";
import type { ImageRecord } from "../image-table.ts";
import {
  parseReference,
  type Reference,
  type ReferenceOptions,
  withoutTagBesideDigest,
} from "../reference.ts";
import { type AdmissionOptions, refused } from "./admit.ts";
import { judgeImage } from "./judge-image.ts";

export type RunAdmissionOptions = AdmissionOptions & {
  references: ReferenceOptions;
  /** Manifests of the images that the program brings along: they are as good as the program. */
  brought: ReadonlySet<Digest>;
};

/**
 * Asks the policy whether an image of the store may run. One that is meant by its id may run under any of its names.
 * @param query what it was asked for by
 * @param names its names if that is an id, undefined otherwise
 * @throws IMAGE_POLICY, IMAGE_POLICY_REFUSED
 */
export async function admitRun(
  options: RunAdmissionOptions,
  { query, image, names }: { query: string; image: ImageRecord; names: readonly string[] | undefined },
): Promise<void> {
  if (options.brought.has(image.manifest.digest)) return;
  const policy = await options.policy();
  if (policy === undefined) return;
  const digests = [...new Set([image.target.digest, image.manifest.digest])];
  const signatures = async () => digests.flatMap((digest) => options.signatures.of(digest));
  const refusals = [];
  for (const reference of referencesOf(options, names ?? [query])) {
    const judgement = await judgeImage(policy, { reference, digests, signatures });
    if (judgement.accepted) return;
    refusals.push(judgement);
  }
  const [first] = refusals.toSorted((a, b) => Number(b.unsigned) - Number(a.unsigned));
  if (first !== undefined) throw refused("run", query, first);
}

/** What names stand for in a policy; undefined stands for none. */
function referencesOf(
  { references }: RunAdmissionOptions,
  names: readonly string[],
): readonly (Reference | undefined)[] {
  if (names.length === 0) return [undefined];
  return names.map((name) => withoutTagBesideDigest(parseReference(name, references)));
}
