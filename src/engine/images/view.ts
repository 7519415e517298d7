import { familiarReference, type Image, parseName, type ReferenceOptions } from "../../images/index.ts";
import type { Image as ImageView } from "../model/image-view.ts";
import { HELLO } from "./hello.ts";

/** How names are read: the names of images that come with the package belong to no registry. */
export const references: ReferenceOptions = { embedded: [HELLO] };

/** A full reference as people write it: `debian:12`. */
export function familiar(name: string): string {
  return familiarReference(parseName(name, references));
}

/** An image as the doors show it. */
export function viewImage(image: Image, containers: number): ImageView {
  const { config } = image;
  return {
    id: image.id,
    tags: image.names.map(familiar),
    digests: image.digests.map(familiar),
    createdAt: config.created,
    taggedAt: new Date(image.updated).toISOString(),
    sizeBytes: image.size,
    containers,
    os: config.os,
    architecture: config.architecture,
    variant: config.variant,
    author: config.author,
    comment: config.history?.at(-1)?.comment,
    config: config.config ?? {},
    diffIds: config.rootfs.diff_ids,
  };
}
