import type { CredentialSource } from "../credentials/index.ts";
import { type Descriptor, type Index, maxManifestSize, type Platform } from "../specs/index.ts";
import type { ContentStore } from "./content/content-store.ts";
import { fetchAll } from "./fetch-all.ts";
import type { ImageStore } from "./image-store.ts";
import type { ImageRecord, ImageTable } from "./image-table.ts";
import { type ImageSource, type InstallerOptions, installImage } from "./install.ts";
import type { Leases } from "./leases.ts";
import type { Limiter } from "./limiter.ts";
import { chooseManifest, hostPlatform } from "./platform.ts";
import { type AdmissionOptions, keepSignatures } from "./policy/admit.ts";
import { admitName, admitPull } from "./policy/admit-pull.ts";
import type { OnProgress } from "./progress.ts";
import { formatReference, type Reference, withDigest } from "./reference.ts";
import type { Repository } from "./registry/repository.ts";
import type { DiskSync } from "./unsynced/disk-sync.ts";

/** What a pull needs of the registry client. */
export type RegistryPort = {
  repository(reference: Reference, options: { credentials?: CredentialSource | undefined }): Repository;
};

export type PullOptions = InstallerOptions &
  AdmissionOptions & {
    downloads: Limiter;
    registry: RegistryPort;
    store: ImageStore;
    table: ImageTable;
    leases: Leases;
    diskSync?: Pick<DiskSync, "isPending"> | undefined;
  };

export type PullRequest = {
  reference: Reference;
  /** By default this machine's; given, an image for another platform is refused even if it is the only one. */
  platform?: Platform | undefined;
  /** Also all other images of an index, which are kept as they are and not unpacked. */
  allPlatforms?: boolean | undefined;
  /** By default those of the registry client. */
  credentials?: CredentialSource | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
};

export type PullResult = {
  readonly record: ImageRecord;
  /** Whether the name stands for another image than before. */
  readonly changed: boolean;
};

/**
 * Gets an image from its registry and gives it the name of the reference, and the name with the digest that the
 * registry has for it. A reference with a tag and a digest gets only the latter.
 *
 * The policy is asked before anything is fetched. What is here already is not asked for again. After a failure the
 * names are as they were.
 * @throws IMAGE_POLICY, IMAGE_POLICY_REFUSED, the errors of the registry client, and what `installImage` throws
 */
export async function pullImage(options: PullOptions, request: PullRequest): Promise<PullResult> {
  const { store, table, leases, registry, diskSync } = options;
  const { reference, platform, allPlatforms = false, credentials, onProgress, signal } = request;
  using lease = leases.temporary();
  const name = formatReference(reference);
  await admitName(options, { reference, name });
  const repository = registry.repository(reference, { credentials });
  const target = await resolveTarget(options.content, { reference, repository, signal });
  const document = () => documentOf(options.content, { repository, target, signal });
  const signatures = await admitPull(options, {
    reference,
    name,
    target: target.descriptor,
    document,
    repository,
    platform,
    signal,
  });
  const install = {
    name,
    target: target.descriptor,
    source: registrySource(repository, target),
    lease,
    onProgress,
    signal,
  };
  const choose = ({ index }: { index: Index }) =>
    chooseManifest(index, platform ?? hostPlatform(), name, {
      orElse: allPlatforms && platform === undefined,
    });
  const record = await installImage(options, { ...install, choose, platform });
  if (allPlatforms) await fetchAll(options, install);
  const byDigest = formatReference(withDigest(reference, target.descriptor.digest));
  const names = reference.digest === undefined ? [name, byDigest] : [byDigest];
  const changed = table.get(names[0] as string)?.id !== record.id;
  keepSignatures(options.signatures, signatures);
  // What the name stands for is not on the disk either.
  await store.put(names, record, { durable: diskSync?.isPending() !== true });
  return { record, changed };
}

/** What a reference stands for; `data` only if it had to be fetched to know. */
type Target = { descriptor: Descriptor; data?: Uint8Array };

type ResolveRequest = { reference: Reference; repository: Repository; signal: AbortSignal | undefined };

/** A digest that is here needs no registry, and a tag only a question, which registries do not count. */
async function resolveTarget(
  content: ContentStore,
  { reference, repository, signal }: ResolveRequest,
): Promise<Target> {
  const { digest, tag = "latest" } = reference;
  if (digest !== undefined) {
    const size = await content.size(digest);
    if (size !== undefined) return { descriptor: { mediaType: "", digest, size } };
    return await repository.manifest(digest, signal);
  }
  const descriptor = await repository.resolve(tag, signal);
  if (descriptor === undefined) return await repository.manifest(tag, signal);
  if ((await content.size(descriptor.digest)) === descriptor.size) return { descriptor };
  // By digest: a tag may move meanwhile.
  return await repository.manifest(descriptor.digest, signal);
}

/** The bytes of the target, which a tag may not stand for any more. */
async function documentOf(
  content: ContentStore,
  { repository, target, signal }: { repository: Repository; target: Target; signal: AbortSignal | undefined },
): Promise<Uint8Array> {
  const { digest } = target.descriptor;
  if (target.data !== undefined) return target.data;
  if ((await content.size(digest)) !== undefined) return await content.load(digest, maxManifestSize);
  return (await repository.manifest(digest, signal)).data;
}

function registrySource(repository: Repository, target: Target): ImageSource {
  return {
    async *manifest(descriptor, signal) {
      const known = descriptor.digest === target.descriptor.digest ? target.data : undefined;
      yield known ?? (await repository.manifest(descriptor.digest, signal)).data;
    },
    blob: (expected, options) => repository.blob(expected, options),
  };
}
