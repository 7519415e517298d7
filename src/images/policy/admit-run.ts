import type { Digest } from "../../base/index.ts";
import { type ImageRecord, type ImageRow, isDangling } from "../image-table.ts";
import { parseReference, type ReferenceOptions, withoutTagBesideDigest } from "../reference.ts";
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
 * @param rows gives those of its names if that is an id, undefined otherwise
 * @throws IMAGE_POLICY, IMAGE_POLICY_REFUSED
 */
export async function admitRun(
  options: RunAdmissionOptions,
  {
    query,
    image,
    rows,
  }: { query: string; image: ImageRecord; rows: (() => readonly ImageRow[]) | undefined },
): Promise<void> {
  if (options.brought.has(image.manifest.digest)) return;
  const policy = await options.policy();
  if (policy === undefined) return;
  const refusals = [];
  const ways = rows === undefined ? [{ name: query, record: image }] : waysOf(image, rows());
  for (const { name, record } of ways) {
    const reference =
      name === undefined ? undefined : withoutTagBesideDigest(parseReference(name, options.references));
    const digests = [...new Set([record.target.digest, record.manifest.digest])];
    const signatures = async () => digests.flatMap((digest) => options.signatures.of(digest));
    const judgement = await judgeImage(policy, { reference, digests, signatures });
    if (judgement.accepted) return;
    refusals.push(judgement);
  }
  const [first] = refusals.toSorted((a, b) => Number(b.unsigned) - Number(a.unsigned));
  if (first !== undefined) throw refused("run", query, first);
}

type Way = { readonly name: string | undefined; readonly record: Pick<ImageRecord, "target" | "manifest"> };

/**
 * The names of an image, and what came by each of them. Where the platform made it another image of an index than the id
 * means, a name that does not stand for that index is none of its names.
 */
function waysOf(image: ImageRecord, rows: readonly ImageRow[]): readonly Way[] {
  const ways = rows
    .filter(({ name }) => !isDangling(name))
    .flatMap((row): Way[] => {
      if (row.id === image.id) return [{ name: row.name, record: row }];
      return row.target.digest === image.target.digest ? [{ name: row.name, record: image }] : [];
    });
  return ways.length === 0 ? [{ name: undefined, record: image }] : ways;
}
