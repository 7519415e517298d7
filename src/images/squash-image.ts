import type { Digest } from "../base/index.ts";
import { maxConfigSize } from "../specs/index.ts";
import { imageError } from "./errors.ts";
import type { Image } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import { installMade } from "./install-made.ts";
import { type ResolverOptions, resolveImage } from "./resolve.ts";
import { storeLayer } from "./store-layer.ts";

export type SquashRequest = {
  /** Name or id of the image. */
  image: string;
  /** Full reference with a tag; the new image has no name without one. */
  name?: string | undefined;
  /** All files of directories on top of one another, the topmost first, as a plain archive. */
  pack: (directories: readonly string[]) => AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
};

/**
 * Makes an image of one layer that has the files of another one, and starts as that does. The same image always gives
 * the same one.
 *
 * @throws IMAGE_NOT_FOUND, IMAGE_CONFIGURATION for an image without layers, and what layers and store throw
 */
export async function squashImage(
  options: ResolverOptions & { now: () => number },
  { image: query, name, pack, signal }: SquashRequest,
): Promise<ImageRecord> {
  const { content, leases, snapshotter } = options;
  using lease = leases.temporary();
  const image = await resolveImage(options, query);
  const top = image.chainIds.at(-1);
  if (top === undefined) {
    throw imageError("CONFIGURATION", `cannot squash image ${query}: it has no layers`);
  }
  await lease.retain({ kind: "manifest", resource: image.manifest.digest });
  await lease.retain({ kind: "snapshot", resource: top });
  const { lowers } = snapshotter.predict("squash", top);
  const { descriptor, diffId } = await storeLayer(content, pack(lowers), { lease, signal });
  const before = await content.load(image.configuration.digest, maxConfigSize);
  return await installMade(options, {
    name,
    origin: "the image",
    config: squashedConfig(JSON.parse(Buffer.from(before).toString()), image, diffId),
    layers: [descriptor],
    lease,
    signal,
  });
}

type Document = Readonly<Record<string, unknown>> & { readonly history?: readonly object[] };

/** What made the layers stays in the history, without layers of its own. */
function squashedConfig(before: Document, { config, manifest }: Image, diffId: Digest): object {
  const { created } = config;
  const history = (before.history ?? []).map((entry) => ({ ...entry, empty_layer: true }));
  const comment = `all layers of ${manifest.digest}`;
  const merged = { ...(created && { created }), created_by: "tug image squash", comment };
  return { ...before, rootfs: { type: "layers", diff_ids: [diffId] }, history: [...history, merged] };
}
