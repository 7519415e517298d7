import type { Digest } from "../../base/index.ts";
import type { CredentialSource } from "../../credentials/index.ts";
import { maxManifestSize, type Platform } from "../../specs/index.ts";
import { readVerified } from "../archive/save.ts";
import { type ClosedBlob, isForeign } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import { type FoundImage, type ImageStore, notFound } from "../image-store.ts";
import type { ImageTable } from "../image-table.ts";
import type { Leases } from "../leases.ts";
import type { Limiter } from "../limiter.ts";
import { outgoing } from "../outgoing.ts";
import { formatReference, type Reference, type ReferenceOptions, withDigest } from "../reference.ts";
import type { RepositoryWriter } from "../registry/repository.ts";
import { runTogether } from "../together.ts";
import { findMountSources } from "./mount-sources.ts";
import { inSteps, type OnPushProgress } from "./push-progress.ts";

/** What a push needs of the registry client. */
export type WriterPort = {
  writer(reference: Reference, options: { credentials?: CredentialSource | undefined }): RepositoryWriter;
};

export type PusherOptions = {
  content: ContentStore;
  store: ImageStore;
  table: ImageTable;
  leases: Leases;
  references: ReferenceOptions;
  registry: WriterPort;
  /** Bounds what is sent at once. */
  uploads: Limiter;
};

export type PushRequest = {
  /** With a tag or a digest. */
  reference: Reference;
  platform?: Platform | undefined;
  credentials?: CredentialSource | undefined;
  onProgress?: OnPushProgress | undefined;
  signal?: AbortSignal | undefined;
};

/** What stands under the name in the registry now. `insteadOf` is the index that was not all here. */
export type PushResult = {
  readonly digest: Digest;
  readonly size: number;
  readonly insteadOf: Digest | undefined;
};

/**
 * Sends an image to the repository of its name, all blobs before the manifests that name them, the tag last: after a
 * failure the tag is what it was.
 *
 * What the registry has is not sent; what another of its repositories has is taken over from there.
 * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM, IMAGE_INCOMPLETE, IMAGE_CONTENT_CORRUPT and what the registry client throws
 */
export async function pushImage(options: PusherOptions, request: PushRequest): Promise<PushResult> {
  const { content, store, leases, registry } = options;
  const { reference, platform, credentials, signal } = request;
  const name = formatReference(reference);
  const found = store.find(name);
  if (found === undefined) throw notFound(name);
  using lease = leases.temporary();
  await lease.retain({ kind: "manifest", resource: found.target.digest });
  await lease.retain({ kind: "manifest", resource: found.manifest.digest });
  const sent = await outgoing({ content, record: found, verb: "push", name, platform });
  const writer = registry.writer(reference, { credentials });
  await sendBlobs(options, request, { blobs: sent.blobs.filter((blob) => !isForeign(blob)), writer });
  const { digest: root, size } = sent.root;
  for (const { digest, mediaType } of sent.documents) {
    const data = await content.load(digest, maxManifestSize);
    const under = digest === root ? (reference.tag ?? digest) : digest;
    await writer.putManifest(under, { mediaType, digest, data }, signal);
  }
  await remember(options, { found, reference, digest: root });
  return { digest: root, size, insteadOf: sent.insteadOf?.digest };
}

async function sendBlobs(
  options: PusherOptions,
  { reference, onProgress = () => {}, signal: outer }: PushRequest,
  { blobs, writer }: { blobs: readonly ClosedBlob[]; writer: RepositoryWriter },
): Promise<void> {
  const { content, uploads } = options;
  const sources = await findMountSources(options, reference);
  const report = (blob: ClosedBlob): OnPushProgress => (blob.isLayer ? onProgress : () => {});
  for (const blob of blobs) report(blob)({ id: blob.digest, status: "preparing" });
  const send = async (blob: ClosedBlob, signal: AbortSignal): Promise<void> => {
    const { digest: id, size } = blob;
    if (await writer.hasBlob(id, signal)) return report(blob)({ id, status: "exists" });
    const onSent = (current: number) => report(blob)({ id, status: "pushing", current, total: size });
    const read = (offset: number) =>
      offset === 0 ? readVerified(content, id, signal) : content.read(id, { offset, signal });
    const { mountedFrom } = await writer.uploadBlob({ digest: id, size }, read, {
      mountFrom: sources(id),
      onSent: inSteps(onSent, size),
      signal,
    });
    report(blob)(
      mountedFrom === undefined ? { id, status: "pushed" } : { id, status: "mounted", from: mountedFrom },
    );
  };
  const works = blobs.map((blob) => (signal: AbortSignal) => {
    report(blob)({ id: blob.digest, status: "waiting" });
    return uploads(() => send(blob, signal), signal);
  });
  await runTogether(works, outer);
}

/** The digest is a name of the image from now on, as after a pull; the store then knows where the blobs are. */
async function remember(
  { store }: PusherOptions,
  { found, reference, digest }: { found: FoundImage; reference: Reference; digest: Digest },
): Promise<void> {
  const { id, manifest, target } = found;
  if (digest !== manifest.digest && digest !== target.digest) return;
  await store.put([formatReference(withDigest(reference, digest))], {
    id,
    manifest,
    target: digest === target.digest ? target : manifest,
  });
}
