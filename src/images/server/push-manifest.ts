import type { Digest } from "../../base/index.ts";
import type { Descriptor } from "../../specs/index.ts";
import { isDocument, isForeign } from "../closure.ts";
import { Refusal } from "./answers.ts";
import type { KnownDocument } from "./documents.ts";
import { findImage } from "./find-image.ts";
import { dropBlob, dropManifest, manifestLease } from "./hosted-leases.ts";
import type { HostingParts } from "./hosting-parts.ts";

export type PushedManifest = {
  readonly repository: string;
  readonly digest: Digest;
  readonly data: Uint8Array;
  readonly document: KnownDocument;
  readonly tags: readonly string[];
};

/**
 * Puts a manifest or index into a repository, and gives it tags. What it lists must be there. An image gets its names
 * in the store, as if it had been pulled; what is no image is on record beside the images.
 *
 * @throws Refusal for a manifest that lists what is not in the repository
 */
export async function pushManifest(options: HostingParts, pushed: PushedManifest): Promise<void> {
  const { content, leases, store, table } = options;
  const { repository, digest, data, document, tags } = pushed;
  using lease = leases.temporary();
  await lease.retain({ kind: "manifest", resource: digest });
  for (const child of document.children) {
    await lease.retain({ kind: isDocument(child) ? "manifest" : "blob", resource: child.digest });
  }
  await checkChildren(options, repository, document.children);
  await using ingest = await content.ingest({ digest, size: data.length });
  await ingest?.write(data);
  await ingest?.commit();
  const target = { mediaType: document.mediaType, digest, size: data.length };
  const record = await findImage(options, target);
  const names = tags.map((tag) => `${repository}:${tag}`);
  if (record !== undefined) {
    options.registry.putImage({ repository, digest, cached: false });
    await store.put([`${repository}@${digest}`, ...names], record);
    for (const tag of tags) options.registry.deleteTag(repository, tag);
    dropManifest(options, repository, digest);
  } else {
    options.registry.putManifest({ repository, ...target, pushed: options.now(), cached: false });
    await manifestLease(leases, repository, digest).retain({ kind: "manifest", resource: digest });
    for (const tag of tags) options.registry.putTag(repository, tag, digest);
    // What these names stood for before was an image.
    await store.delete(names.filter((name) => table.get(name) !== undefined));
  }
  await forgetChildren(options, repository, document.children);
}

async function checkChildren(
  { content, repositories }: HostingParts,
  repository: string,
  children: readonly Descriptor[],
): Promise<void> {
  const needed = children.filter((child) => !isForeign(child)).map((child) => child.digest);
  const [missing] = await repositories.missing(repository, needed);
  if (missing !== undefined) {
    throw new Refusal(404, "MANIFEST_BLOB_UNKNOWN", `${missing} is not in the repository`);
  }
  for (const { digest, size } of children) {
    const actual = await content.size(digest);
    if (actual !== undefined && actual !== size) {
      throw new Refusal(400, "MANIFEST_INVALID", `${digest} has ${actual} bytes, not ${size}`);
    }
  }
}

/** What a manifest lists is kept by it from now on: taken away with it, it leaves nothing behind. */
async function forgetChildren(
  options: HostingParts,
  repository: string,
  children: readonly Descriptor[],
): Promise<void> {
  const { registry, store, table } = options;
  const rows = table.inRepository(repository).filter(({ name }) => !name.includes("@"));
  const tagged = new Set([
    ...rows.map((row) => row.target.digest),
    ...registry.tags(repository).map((tag) => tag.digest),
  ]);
  const untagged: Digest[] = [];
  for (const child of children) {
    const { digest } = child;
    dropBlob(options, repository, digest);
    // What it calls a layer may be a manifest that others know as one.
    if (tagged.has(digest) || !isDocument(child)) continue;
    dropManifest(options, repository, digest);
    if (table.get(`${repository}@${digest}`) !== undefined) untagged.push(digest);
  }
  if (untagged.length === 0) return;
  await store.delete(untagged.map((digest) => `${repository}@${digest}`));
  // Last: a name that a crash leaves must still be known as one that was pushed.
  for (const digest of untagged) registry.deleteImage(repository, digest);
}
