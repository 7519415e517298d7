import type { Digest } from "../base/index.ts";
import type { Descriptor } from "../specs/index.ts";
import { type CollectorOptions, reachFrom } from "./gc.ts";
import { type ImageRow, isDangling } from "./image-table.ts";
import type { RegistryTable } from "./server/registry-table.ts";

/** What keeps blobs and unpacked layers on the disk. Bytes. */
export type SpaceKeeper = {
  /**
   * An image, by its names; a repository of a registry, with what is no image there; everything else that is retained:
   * what containers stand on and work under way; or nothing.
   */
  readonly kind: "image" | "repository" | "use" | "nothing";
  /** Of an image. */
  readonly id: Digest | undefined;
  /** Full names of an image, or of a repository. */
  readonly names: readonly string[];
  readonly blobBytes: number;
  readonly layerBytes: number;
  /** What would be free without it: nothing else keeps it. */
  readonly aloneBytes: number;
};

export type KeepersOptions = CollectorOptions & { registry: RegistryTable };

type Keeper = Pick<SpaceKeeper, "kind" | "id" | "names"> & { readonly reached: ReadonlySet<string> };

/**
 * Who keeps what, the largest first. Bytes that several keep are counted for each of them, and for none alone.
 * @throws as a garbage collection does
 */
export async function spaceKeepers(options: KeepersOptions): Promise<SpaceKeeper[]> {
  const sizes = await sizesOf(options);
  const named = [...(await imageKeepers(options)), ...(await repositoryKeepers(options))];
  const users = new Map<string, number>();
  for (const { reached } of named) for (const key of reached) users.set(key, (users.get(key) ?? 0) + 1);
  const used = await inUse(options);
  const free = [...sizes.keys()].filter((key) => !users.has(key));
  const keepers: Keeper[] = [
    ...named,
    { kind: "use", id: undefined, names: [], reached: new Set(free.filter((key) => used.has(key))) },
    { kind: "nothing", id: undefined, names: [], reached: new Set(free.filter((key) => !used.has(key))) },
  ];
  const measured = keepers.map(({ reached, ...keeper }): SpaceKeeper => {
    const own = [...reached].map((key) => ({
      ...(sizes.get(key) ?? nothing),
      alone: (users.get(key) ?? 1) === 1,
    }));
    const sum = (pick: (size: (typeof own)[number]) => number) =>
      own.reduce((total, each) => total + pick(each), 0);
    return {
      ...keeper,
      blobBytes: sum(({ blob }) => blob),
      layerBytes: sum(({ layer }) => layer),
      aloneBytes: sum(({ blob, layer, alone }) => (alone ? blob + layer : 0)),
    };
  });
  return measured
    .filter(({ kind, blobBytes, layerBytes }) => kind === "image" || blobBytes + layerBytes > 0)
    .sort((a, b) => b.blobBytes + b.layerBytes - a.blobBytes - a.layerBytes);
}

/** Bytes of a blob and of an unpacked layer: the digest of one may be the key of the other. */
type Size = { readonly blob: number; readonly layer: number };

const nothing: Size = { blob: 0, layer: 0 };

async function sizesOf({ content, snapshotter }: KeepersOptions): Promise<Map<string, Size>> {
  const sizes = new Map<string, Size>();
  for await (const { digest, size } of content.walk()) sizes.set(digest, { blob: size, layer: 0 });
  for (const { key, kind } of snapshotter.list()) {
    if (kind !== "committed") continue;
    sizes.set(key, { blob: sizes.get(key)?.blob ?? 0, layer: (await snapshotter.usage(key)).bytes });
  }
  return sizes;
}

async function imageKeepers({ content, table }: KeepersOptions): Promise<Keeper[]> {
  const keepers: Keeper[] = [];
  const byId = Map.groupBy(table.all(), (row) => row.id);
  for (const [id, rows] of byId) {
    const roots = rows.flatMap(({ target, manifest }: ImageRow): Descriptor[] => [target, manifest]);
    const names = rows.map(({ name }) => name).filter((name) => !isDangling(name));
    keepers.push({ kind: "image", id, names, reached: await reachFrom(content, roots) });
  }
  return keepers;
}

async function repositoryKeepers({ content, registry }: KeepersOptions): Promise<Keeper[]> {
  const keepers: Keeper[] = [];
  const manifests = Map.groupBy(registry.manifests(), ({ repository }) => repository);
  const blobs = Map.groupBy(registry.blobs(), ({ repository }) => repository);
  for (const repository of new Set([...manifests.keys(), ...blobs.keys()])) {
    const reached = await reachFrom(content, manifests.get(repository) ?? []);
    for (const { digest } of blobs.get(repository) ?? []) reached.add(digest);
    keepers.push({ kind: "repository", id: undefined, names: [repository], reached });
  }
  return keepers;
}

/** Everything that is leased, and what snapshots of containers stand on. */
async function inUse({ content, leases, snapshotter }: KeepersOptions): Promise<Set<string>> {
  const resources = leases.resources();
  const manifests = resources.flatMap(({ kind, resource }) =>
    kind === "manifest" ? [{ digest: resource as Digest, mediaType: "" }] : [],
  );
  const used = await reachFrom(content, manifests);
  for (const { kind, resource } of resources) if (kind !== "manifest") used.add(resource);
  // Children come after their parents in the list.
  for (const { key, kind, parent } of snapshotter.list().reverse()) {
    if (parent !== undefined && (kind !== "committed" || used.has(key))) used.add(parent);
  }
  return used;
}
