import { sha256 } from "../base/index.ts";
import type { Descriptor } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import type { Lease } from "./leases.ts";

/** Puts a document of an image that is made here into the content store; the lease keeps it. */
export async function storeDocument(
  { content, lease }: { content: ContentStore; lease: Lease },
  mediaType: string,
  document: object,
): Promise<Descriptor> {
  const data = Buffer.from(JSON.stringify(document));
  const descriptor = { mediaType, digest: sha256(data), size: data.length };
  await lease.retain({ kind: "blob", resource: descriptor.digest });
  await using ingest = await content.ingest(descriptor);
  await ingest?.write(data);
  await ingest?.commit();
  return descriptor;
}
