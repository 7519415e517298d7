import type { Digest } from "../base/index.ts";
import { type Descriptor, type ExecutionConfig, maxConfigSize, mediaTypes } from "../specs/index.ts";
import type { Image } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import type { ImporterOptions } from "./import-image.ts";
import { installMade } from "./install-made.ts";
import { storeLayer } from "./store-layer.ts";

export type CommitRequest = {
  /** Name or id of the image that the layer belongs on. */
  base: string;
  /** Full reference with a tag; the image has no name without one. */
  name?: string | undefined;
  /** How containers are to be started, from how those of the base are. */
  config: (base: ExecutionConfig) => ExecutionConfig;
  author?: string | undefined;
  /** Kept in the history, with what made the layer. */
  comment?: string | undefined;
  createdBy: string;
  signal?: AbortSignal | undefined;
};

/** Docker's layers have the same bytes as OCI's. */
const ociTypes: Readonly<Record<string, string>> = {
  [mediaTypes.dockerLayer]: mediaTypes.layer,
  [mediaTypes.dockerLayerGzip]: mediaTypes.layerGzip,
};

/**
 * Makes an image of another one and a layer on top of it. What the base's configuration says beside how containers are
 * started stays as it is.
 *
 * @param layer a plain archive
 * @throws IMAGE_NOT_FOUND for the base, and what layers and store throw
 */
export async function commitImage(
  options: ImporterOptions,
  layer: AsyncIterable<Uint8Array>,
  request: CommitRequest,
): Promise<ImageRecord> {
  const { content, leases, store } = options;
  using lease = leases.temporary();
  const { signal } = request;
  const base = await store.get(request.base);
  await lease.retain({ kind: "manifest", resource: base.manifest.digest });
  const { descriptor, diffId } = await storeLayer(content, layer, { lease, signal });
  return await installMade(options, {
    name: request.name,
    origin: "the container",
    config: await configOn(options, base, { request, diffId }),
    layers: [...base.layers.map(asOci), descriptor],
    lease,
    signal,
  });
}

/** A layer as a manifest of OCI names it. */
export function asOci({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType: ociTypes[mediaType] ?? mediaType, digest, size };
}

type Document = Readonly<Record<string, unknown>> & {
  readonly rootfs?: { readonly diff_ids?: readonly string[] };
  readonly history?: readonly object[];
};

/** The base's configuration with one more layer; members that nobody here knows are kept. */
async function configOn(
  { content, now }: ImporterOptions,
  base: Image,
  { request, diffId }: { request: CommitRequest; diffId: Digest },
): Promise<object> {
  const data = await content.load(base.configuration.digest, maxConfigSize);
  const before = JSON.parse(Buffer.from(data).toString()) as Document;
  const { author, comment, createdBy } = request;
  const created = new Date(now()).toISOString();
  const entry = { created, created_by: createdBy, ...(author && { author }), ...(comment && { comment }) };
  return {
    ...before,
    created,
    ...(author && { author }),
    config: request.config(base.config.config ?? {}),
    rootfs: { type: "layers", diff_ids: [...(before.rootfs?.diff_ids ?? []), diffId] },
    history: [...(before.history ?? []), entry],
  };
}
