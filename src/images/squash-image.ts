import type { Digest } from "../base/index.ts";
import { maxConfigSize } from "../specs/index.ts";
import { asOci } from "./commit-image.ts";
import { imageError } from "./errors.ts";
import type { Image } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import { installMade } from "./install-made.ts";
import { exportPieces, exportTar } from "./layers/export-tar.ts";
import { mergeLayers } from "./layers/merge-layers.ts";
import { type ResolverOptions, resolveImage } from "./resolve.ts";
import { storeLayer } from "./store-layer.ts";

export type SquashRequest = {
  /** Name or id of the image. */
  image: string;
  /** What stays as it is: so many of its lowest layers, or those of another image. By default nothing. */
  from?: string | undefined;
  /** Full reference with a tag; the new image has no name without one. */
  name?: string | undefined;
  /** The files of directories on top of one another, the topmost first, as tree records. */
  pack: (directories: readonly string[]) => AsyncIterable<Uint8Array>;
  /** The files of one directory as a listing: records without content. */
  list: (directory: string) => AsyncIterable<Uint8Array>;
  signal?: AbortSignal | undefined;
};

type SquasherOptions = ResolverOptions & { now: () => number };

/**
 * Makes an image with one layer in the place of several, that has the same files as another one and starts as that
 * does. The same image always gives the same one.
 *
 * @throws IMAGE_NOT_FOUND, IMAGE_CONFIGURATION for an image without such layers, and what layers and store throw
 */
export async function squashImage(options: SquasherOptions, request: SquashRequest): Promise<ImageRecord> {
  const { content, leases, snapshotter } = options;
  const { name, pack, list, signal } = request;
  using lease = leases.temporary();
  const image = await resolveImage(options, request.image);
  const kept = await countKept(options, image, request);
  const top = image.chainIds.at(-1);
  if (top === undefined || kept >= image.layers.length) {
    const reason = `it has ${image.layers.length} layers, of which ${kept} are to stay`;
    throw imageError("CONFIGURATION", `cannot squash image ${request.image}: ${reason}`);
  }
  await lease.retain({ kind: "manifest", resource: image.manifest.digest });
  await lease.retain({ kind: "snapshot", resource: top });
  const { lowers } = snapshotter.predict("squash", top);
  const uppers = lowers.slice(0, lowers.length - kept);
  const files =
    kept === 0 ? exportTar(pack(lowers)) : exportPieces(mergeLayers(pack(lowers), uppers.map(list)));
  const { descriptor, diffId } = await storeLayer(content, files, { lease, signal });
  const before = await content.load(image.configuration.digest, maxConfigSize);
  return await installMade(options, {
    name,
    origin: "the image",
    config: squashedConfig(JSON.parse(Buffer.from(before).toString()), image, { kept, diffId }),
    layers: [...image.layers.slice(0, kept).map(asOci), descriptor],
    lease,
    signal,
  });
}

/** How many of the lowest layers are to stay. */
async function countKept(
  { store }: SquasherOptions,
  { chainIds }: Image,
  { image, from = "0" }: SquashRequest,
): Promise<number> {
  if (/^\d{1,4}$/.test(from)) return Number(from);
  const base = (await store.get(from)).chainIds;
  if (base.length > 0 && base.at(-1) === chainIds[base.length - 1]) return base.length;
  throw imageError(
    "CONFIGURATION",
    `cannot squash image ${image}: it does not stand on the layers of ${from}`,
  );
}

type Document = Readonly<Record<string, unknown>> & {
  readonly history?: readonly { empty_layer?: unknown }[];
};

/** What made the layers stays in the history, without layers of its own. */
function squashedConfig(
  before: Document,
  { config, manifest }: Image,
  { kept, diffId }: { kept: number; diffId: Digest },
): object {
  let layers = 0;
  const history = (before.history ?? []).map((entry) => {
    if (entry.empty_layer !== true) layers += 1;
    return layers > kept ? { ...entry, empty_layer: true } : entry;
  });
  const { created, rootfs } = config;
  const comment = `layers of ${manifest.digest}`;
  const merged = { ...(created && { created }), created_by: "tug image squash", comment };
  return {
    ...before,
    rootfs: { type: "layers", diff_ids: [...rootfs.diff_ids.slice(0, kept), diffId] },
    history: [...history, merged],
  };
}
