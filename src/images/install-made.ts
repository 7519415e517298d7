import { type Descriptor, mediaTypes } from "../specs/index.ts";
import { imageError } from "./errors.ts";
import type { ImageRecord } from "./image-table.ts";
import type { ImporterOptions } from "./import-image.ts";
import { installImage, noSource } from "./install.ts";
import type { Lease } from "./leases.ts";
import { storeDocument } from "./store-document.ts";

export type MadeImage = {
  /** Full reference with a tag; the image has no name without one. */
  readonly name: string | undefined;
  /** What it was made of, for errors: "the archive". */
  readonly origin: string;
  /** The configuration document. */
  readonly config: object;
  /** Blobs that are in the content store, the lowest first. */
  readonly layers: readonly Descriptor[];
  readonly lease: Lease;
  readonly signal: AbortSignal | undefined;
};

/** Brings an image that was made here into the store: its documents, its unpacked layers, its name. */
export async function installMade(
  options: ImporterOptions,
  { name, origin, config, layers, lease, signal }: MadeImage,
): Promise<ImageRecord> {
  const { content, store } = options;
  const target = await storeDocument({ content, lease }, mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: await storeDocument({ content, lease }, mediaTypes.config, config),
    layers,
  });
  const label = name ?? `of ${origin}`;
  const choose = () => {
    throw imageError("CONFIGURATION", `cannot use image ${label}: an index is where a manifest should be`);
  };
  const install = { name: label, target, source: noSource(label), choose, lease, signal };
  const record = await installImage(options, install);
  await store.put(name === undefined ? [] : [name], record);
  return record;
}
