import type { Digest } from "../../base/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { ImageStore } from "../image-store.ts";
import { isDangling } from "../image-table.ts";
import type { Snapshotter } from "../snapshots/snapshotter.ts";
import { familiar, familiarNames, inWords } from "./names.ts";
import type { Need, NeededLayer, Needs } from "./needs.ts";
import type { StoreProblem } from "./report.ts";
import type { DamagedLayers } from "./verify-archives.ts";
import type { Verified } from "./verify-blobs.ts";

export type FindOptions = {
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly store: Pick<ImageStore, "isPublished">;
};

/** What is wrong with the blobs that images need, and with damaged ones that nobody needs. */
export async function findBlobProblems(
  { content }: Pick<FindOptions, "content">,
  needs: Needs,
  damaged: Verified["damaged"],
): Promise<StoreProblem[]> {
  const problems: StoreProblem[] = [];
  for (const [digest, { reason, size }] of damaged) {
    if ((await content.size(digest)) === undefined) {
      // Removed meanwhile: where it is needed it is missing now.
      damaged.delete(digest);
      continue;
    }
    problems.push(damagedBlob(digest, needs.blobs.get(digest), { reason, size }));
  }
  for (const [digest, need] of needs.blobs) {
    if (damaged.has(digest) || !need.isRequired || (await content.size(digest)) !== undefined) continue;
    const images = familiarNames(need.names);
    problems.push({
      kind: "blob-missing",
      subject: digest,
      sentence: `blob ${digest} of ${inWords(images)} is missing`,
      images,
      repaired: false,
      hint: getAgain(need),
    });
  }
  return problems;
}

function damagedBlob(
  digest: Digest,
  need: Need | undefined,
  { reason, size }: { reason: string; size: number },
): StoreProblem {
  const about = { kind: "blob-damaged", subject: digest, repaired: false } as const;
  if (need === undefined) {
    const sentence = `blob ${digest}, which no image needs, is damaged: ${reason}`;
    return { ...about, sentence, images: [], hint: "remove what nothing needs: tug system check --repair" };
  }
  const wanted = need.expected.size;
  const images = familiarNames(need.names);
  const exactly = size === wanted ? reason : `it has ${size} bytes instead of ${wanted}`;
  const sentence = `blob ${digest} of ${inWords(images)} is damaged: ${exactly}`;
  return { ...about, sentence, images, hint: getAgain(need) };
}

/** What people can do where a repair has no source. */
function getAgain({ names }: Need): string {
  const all = [...names];
  const name = all.find((each) => !isDangling(each)) ?? all[0] ?? "";
  return `remove the image and load or pull it again: tug rmi ${familiar(name)}`;
}

/** Layers that are not unpacked as their images need it, and snapshots without their files. */
export async function findLayerProblems(
  { snapshotter }: Pick<FindOptions, "snapshotter">,
  needs: Needs,
  containers: ReadonlyMap<string, string>,
): Promise<StoreProblem[]> {
  const problems: StoreProblem[] = [];
  const missing = new Set(await snapshotter.missing());
  for (const layer of needs.layers.values()) {
    const { key, parent } = layer;
    const info = snapshotter.info(key);
    if (info === undefined) {
      if (layer.isRequired) problems.push(layerProblem("layer-missing", layer, "is not unpacked"));
    } else if (info.parent !== parent)
      problems.push({
        ...layerProblem(
          "record",
          layer,
          `stands on ${info.parent ?? "nothing"} instead of ${parent ?? "nothing"}`,
        ),
        hint: "remove the image and the containers that were made from it, and get it again",
      });
    if (missing.has(key)) problems.push(layerProblem("files-missing", layer, "has lost its files"));
  }
  for (const [key, name] of containers) {
    if (snapshotter.info(key) === undefined) missing.add(key);
    if (!missing.has(key)) continue;
    const sentence = `container ${name} has lost its files`;
    const hint = `remove it: tug rm ${name}`;
    problems.push({ kind: "files-missing", subject: key, sentence, images: [], repaired: false, hint });
  }
  for (const key of missing) {
    if (needs.layers.has(key as Digest) || containers.has(key)) continue;
    const sentence = `snapshot ${key} has lost its files`;
    problems.push({ kind: "files-missing", subject: key, sentence, images: [], repaired: false });
  }
  return problems;
}

/** Layers whose archives were found damaged, and are still the same. */
export function findDamagedLayers(
  { snapshotter }: Pick<FindOptions, "snapshotter">,
  needs: Needs,
  damaged: DamagedLayers,
): StoreProblem[] {
  return [...damaged].flatMap(([key, { reason, created }]): StoreProblem[] => {
    if (snapshotter.info(key)?.created !== created) return [];
    const layer = needs.layers.get(key as Digest);
    if (layer !== undefined) return [layerProblem("layer-damaged", layer, `is damaged: ${reason}`)];
    const sentence = `layer ${key}, which no image needs, is damaged: ${reason}`;
    const about = { kind: "layer-damaged", subject: key, images: [], repaired: false } as const;
    return [{ ...about, sentence, hint: "remove what nothing needs: tug system check --repair" }];
  });
}

function layerProblem(kind: StoreProblem["kind"], { key, names }: NeededLayer, what: string): StoreProblem {
  const images = familiarNames(names);
  const sentence = `layer ${key} of ${inWords(images)} ${what}`;
  return {
    kind,
    subject: key,
    sentence,
    images,
    repaired: false,
    hint: "unpack it again: tug system check --repair",
  };
}

/** Whether other tools find the images that are here. */
export async function findListProblems({ store }: Pick<FindOptions, "store">): Promise<StoreProblem[]> {
  if (await store.isPublished()) return [];
  const sentence = "the list of images for other tools, index.json, is not that of the images on record";
  const hint = "write it again: tug system check --repair";
  return [{ kind: "list", subject: "index.json", sentence, images: [], repaired: false, hint }];
}
