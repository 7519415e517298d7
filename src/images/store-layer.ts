import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { Digest } from "../base/index.ts";
import { type Descriptor, mediaTypes } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import type { Lease } from "./leases.ts";

/** A layer that was made here: its compressed blob, and the digest that it has unpacked. */
export type StoredLayer = { readonly descriptor: Descriptor; readonly diffId: Digest };

/** Compresses a plain archive into the content store; the lease keeps it. */
export async function storeLayer(
  content: ContentStore,
  layer: AsyncIterable<Uint8Array>,
  { lease, signal }: { lease: Lease; signal: AbortSignal | undefined },
): Promise<StoredLayer> {
  const hash = createHash("sha256");
  const hashed = async function* () {
    for await (const chunk of layer) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await using ingest = await content.ingest(undefined, signal);
  const compressed = Readable.from(hashed()).compose(createGzip());
  for await (const chunk of compressed) await ingest.write(chunk);
  const blob = await ingest.commit(({ digest }) => lease.retain({ kind: "blob", resource: digest }));
  return {
    descriptor: { mediaType: mediaTypes.layerGzip, ...blob },
    diffId: `sha256:${hash.digest("hex")}` as Digest,
  };
}
