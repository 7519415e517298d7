import type { Image, PruneResult, Removed } from "../model/image-view.ts";
import type { ImageServiceParts } from "./service.ts";
import { familiar, viewImage } from "./view.ts";

/** The containers that were made from an image. */
export type UsersOf = (id: string) => { container: string; running: boolean }[];

/** Takes names away, and the image with the last one. */
export async function removeImage(
  { images, events, settled }: ImageServiceParts,
  reference: string,
  { force, usedBy }: { force: boolean; usedBy: UsersOf },
): Promise<Removed[]> {
  await settled();
  return announceRemoval({ events }, await images.remove(reference, { force, usedBy }));
}

export type PruneRequest = {
  /** Images with a tag as well. */
  readonly all: boolean;
  /** Which images may go. */
  readonly fits: (image: Image) => boolean;
};

/** Removes the images that no container uses. */
export async function pruneImages(
  { images, events, settled }: ImageServiceParts,
  { all, fits }: PruneRequest,
  usedBy: UsersOf,
): Promise<PruneResult> {
  await settled();
  const fitting = new Set(
    (await images.list()).filter((image) => fits(viewImage(image, 0))).map(({ id }) => id),
  );
  const { untagged, deleted, bytes } = await images.prune({ all, usedBy, fits: (id) => fitting.has(id) });
  const removed = announceRemoval({ events }, { untagged, deleted });
  events.publish({ type: "image", action: "prune", id: "", attributes: { reclaimed: String(bytes) } });
  return { removed, freedBytes: bytes };
}

/** Tells of names that were taken away, and of images and layers that are gone. */
export function announceRemoval(
  { events }: Pick<ImageServiceParts, "events">,
  { untagged, deleted }: { untagged: readonly string[]; deleted: readonly string[] },
): Removed[] {
  for (const full of untagged) {
    const name = familiar(full);
    events.publish({ type: "image", action: "untag", id: name, attributes: { name } });
  }
  for (const id of deleted) {
    events.publish({ type: "image", action: "delete", id, attributes: { name: id } });
  }
  return [
    ...untagged.map((name) => ({ untagged: familiar(name) })),
    ...deleted.map((id) => ({ deleted: id })),
  ];
}
