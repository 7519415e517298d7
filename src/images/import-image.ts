import { createHash } from "node:crypto";
import type { Digest } from "../base/index.ts";
import { type Descriptor, type ExecutionConfig, mediaTypes, type Platform } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { imageError } from "./errors.ts";
import type { ImageStore } from "./image-store.ts";
import type { ImageRecord } from "./image-table.ts";
import type { InstallerOptions } from "./install.ts";
import { installMade } from "./install-made.ts";
import { decompress, detectCompression } from "./layers/compression.ts";
import type { Lease, Leases } from "./leases.ts";
import { hostPlatform } from "./platform.ts";

export type ImporterOptions = InstallerOptions & { store: ImageStore; leases: Leases; now: () => number };

export type ImportRequest = {
  /** Full reference with a tag; the image has no name without one. */
  name?: string | undefined;
  /** By default this machine's. */
  platform?: Platform | undefined;
  /** How containers are to be started. */
  config?: ExecutionConfig | undefined;
  /** Kept in the history. */
  comment?: string | undefined;
  signal?: AbortSignal | undefined;
};

const layerTypes = {
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
  none: mediaTypes.layer,
} as const;

/**
 * Makes an image of one layer from an archive of a root file system, as it is: plain or compressed.
 * @throws IMAGE_ARCHIVE, IMAGE_COMPRESSION, and what layers and store throw
 */
export async function importImage(
  options: ImporterOptions,
  archive: AsyncIterable<Uint8Array>,
  request: ImportRequest,
): Promise<ImageRecord> {
  const { content, leases } = options;
  using lease = leases.temporary();
  const { signal } = request;
  const layer = await storeArchive(content, archive, { lease, signal });
  const diffId = await diffIdOf(content, layer.digest, signal);
  return await installMade(options, {
    name: request.name,
    origin: "the archive",
    config: configOf(options, request, diffId),
    layers: [layer],
    lease,
    signal,
  });
}

function configOf(
  { now }: ImporterOptions,
  { platform = hostPlatform(), config = {}, comment = "" }: ImportRequest,
  diffId: Digest,
): object {
  const created = new Date(now()).toISOString();
  return {
    created,
    ...platform,
    config,
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment }],
  };
}

type Storing = { lease: Lease; signal: AbortSignal | undefined };

async function storeArchive(
  content: ContentStore,
  archive: AsyncIterable<Uint8Array>,
  { lease, signal }: Storing,
): Promise<Descriptor> {
  await using ingest = await content.ingest(undefined, signal);
  const start: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of archive) {
    signal?.throwIfAborted();
    if (size < 16) start.push(chunk);
    size += chunk.length;
    await ingest.write(chunk);
  }
  if (size === 0) throw imageError("ARCHIVE", "cannot import the archive: it is empty");
  const mediaType = layerTypes[detectCompression(Buffer.concat(start))];
  const blob = await ingest.commit(({ digest }) => lease.retain({ kind: "blob", resource: digest }));
  return { mediaType, ...blob };
}

async function diffIdOf(
  content: ContentStore,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Digest> {
  const hash = createHash("sha256");
  for await (const chunk of decompress(content.read(digest, { signal }))) hash.update(chunk);
  return `sha256:${hash.digest("hex")}` as Digest;
}
