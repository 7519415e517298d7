import { type Digest, isDigest, type Logger, messageOf, TugError } from "../../base/index.ts";
import { closureOf } from "../closure.ts";
import type { Lease } from "../leases.ts";
import { parseName, type Reference } from "../reference.ts";
import type { Repository } from "../registry/repository.ts";
import { type Member, parseKnown } from "./documents.ts";
import { createDownloads } from "./downloads.ts";
import { findImage } from "./find-image.ts";
import { dropManifest, manifestLease } from "./hosted-leases.ts";
import type { HostingParts } from "./hosting-parts.ts";
import type { ByteRange } from "./range.ts";

/** What a mirror needs of the registry client. Other mirrors are not asked: this may be one of them. */
export type UpstreamPort = {
  repository(reference: Reference, options: { mirrors: false }): Repository;
};

export type MirrorOptions = HostingParts & {
  upstream: UpstreamPort;
  alone<T>(repository: string, work: () => Promise<T>): Promise<T>;
  logger: Logger;
};

/**
 * What a registry has of another one, and gets from there where it has not. What is asked for by a tag is compared with
 * the other registry each time; where that cannot be reached, what is here counts.
 */
export interface Mirror extends AsyncDisposable {
  /** A manifest or index by tag or digest, in the store by then. Undefined where there is none. */
  manifest(repository: string, reference: string, signal: AbortSignal): Promise<Member | undefined>;
  /** A blob that a known manifest of the repository lists, here or not. */
  blob(repository: string, digest: Digest): Promise<MirroredBlob | undefined>;
  /** Undefined where the other registry does not have the repository. */
  tags(repository: string, signal: AbortSignal): Promise<string[] | undefined>;
}

export type MirroredBlob = {
  readonly size: number;
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Uint8Array>;
};

/** How long a registry may take to say what a tag stands for where an older answer is here; milliseconds. */
const patience = 10_000;

export function createMirror(options: MirrorOptions): Mirror {
  const { content, repositories } = options;
  const works = new Set<Promise<void>>();
  const adoptSoon = (repository: string): void => {
    const work = adopt(options, repository)
      .catch((error: unknown) => {
        options.logger.log("warn", "registry.adoption-failed", { repository, reason: messageOf(error) });
      })
      .finally(() => works.delete(work));
    works.add(work);
  };
  const onStored = (): void => {
    for (const repository of cachedRepositories(options)) adoptSoon(repository);
  };
  const downloads = createDownloads({ ...options, onStored });
  const open = (repository: string) => options.upstream.repository(parseName(repository), { mirrors: false });
  return {
    async manifest(repository, reference, signal) {
      const isKnown = isDigest(reference)
        ? await repositories.manifest(repository, reference)
        : await repositories.tagged(repository, reference);
      const here = isKnown && (await content.size(isKnown.digest)) !== undefined ? isKnown : undefined;
      if (here !== undefined && isDigest(reference)) return here;
      const limit = here === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(patience)]);
      try {
        const source = open(repository);
        const member = await fetchManifest(options, { repository, reference, source, signal: limit });
        adoptSoon(repository);
        return member;
      } catch (error) {
        if (isAbsent(error)) return undefined;
        if (here === undefined || signal.aborted) throw error;
        return here;
      }
    },
    async blob(repository, digest) {
      const size = await repositories.blob(repository, digest);
      if (size !== undefined) {
        const read = ({ first, last }: ByteRange, signal: AbortSignal) =>
          content.read(digest, { offset: first, end: last + 1, signal });
        return { size, read };
      }
      const listed = await repositories.listed(repository, digest);
      if (listed === undefined) return undefined;
      const origin = (signal: AbortSignal) => open(repository).blob(listed, { signal });
      return {
        size: listed.size,
        read: (range, signal) => downloads.read(listed, { origin, range, signal }),
      };
    },
    async tags(repository, signal) {
      const known = repositories.tags(repository);
      const limit = known.length === 0 ? signal : AbortSignal.any([signal, AbortSignal.timeout(patience)]);
      try {
        return (await open(repository).tags(limit)).sort();
      } catch (error) {
        if (isAbsent(error)) return undefined;
        if (known.length === 0 || signal.aborted) throw error;
        return known;
      }
    },
    async [Symbol.asyncDispose]() {
      await downloads[Symbol.asyncDispose]();
      await Promise.all(works);
    },
  };
}

/** Registries hide what they do not have behind 401 and 403. */
function isAbsent(error: unknown): boolean {
  return error instanceof TugError && ["notFound", "unauthorized", "forbidden"].includes(error.kind);
}

type Wanted = { repository: string; reference: string; source: Repository; signal: AbortSignal };

async function fetchManifest(options: MirrorOptions, wanted: Wanted): Promise<Member> {
  const { content, leases, registry, table } = options;
  const { repository, reference, source, signal } = wanted;
  const resolved = isDigest(reference) ? undefined : await source.resolve(reference, signal);
  using lease = leases.temporary();
  if (resolved !== undefined) await lease.retain({ kind: "manifest", resource: resolved.digest });
  const isHere = resolved !== undefined && (await content.size(resolved.digest)) !== undefined;
  const member = isHere
    ? resolved
    : await storeManifest(options, wanted, { reference: resolved?.digest ?? reference, lease });
  await lease.retain({ kind: "manifest", resource: member.digest });
  await options.alone(repository, async () => {
    const { digest, mediaType, size } = member;
    const isListed = (await options.repositories.manifest(repository, digest)) !== undefined;
    const isNamed = table.get(`${repository}:${reference}`)?.target.digest === digest;
    if (!isDigest(reference) && !isNamed) registry.putTag(repository, reference, digest);
    if (isListed && (isDigest(reference) || isNamed)) return;
    registry.putManifest({ repository, digest, mediaType, size, pushed: options.now(), cached: true });
    await manifestLease(leases, repository, digest).retain({ kind: "manifest", resource: digest });
  });
  return member;
}

async function storeManifest(
  { content }: MirrorOptions,
  { source, signal }: Wanted,
  { reference, lease }: { reference: string; lease: Lease },
): Promise<Member> {
  const { descriptor, data } = await source.manifest(reference, signal);
  const document = parseKnown(data, descriptor);
  await lease.retain({ kind: "manifest", resource: descriptor.digest });
  await using ingest = await content.ingest({ digest: descriptor.digest, size: data.length }, signal);
  await ingest?.write(data);
  await ingest?.commit();
  return { digest: descriptor.digest, size: data.length, mediaType: document.mediaType };
}

function cachedRepositories({ registry }: MirrorOptions): Set<string> {
  const cached = registry.manifests().filter((each) => each.cached);
  return new Set(cached.map(({ repository }) => repository));
}

/** What has become whole is an image of the store like one that was pulled. */
async function adopt(options: MirrorOptions, repository: string): Promise<void> {
  const { content, registry, store } = options;
  await options.alone(repository, async () => {
    const manifests = new Map(registry.manifests(repository).map((each) => [each.digest, each]));
    for (const { tag, digest } of registry.tags(repository)) {
      const target = manifests.get(digest);
      if (target === undefined || !target.cached) continue;
      const record = await findImage(options, { digest, mediaType: target.mediaType, size: target.size });
      if (record === undefined || (await closureOf(content, record.manifest)).missing !== undefined) continue;
      registry.putImage({ repository, digest, cached: true });
      await store.put([`${repository}:${tag}`, `${repository}@${digest}`], record);
      registry.deleteTag(repository, tag);
      if (!registry.tags(repository).some((other) => other.digest === digest)) {
        dropManifest(options, repository, digest);
      }
    }
  });
}
