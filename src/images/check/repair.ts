import { type Digest, messageOf, TugError } from "../../base/index.ts";
import { isDocument } from "../closure.ts";
import type { ContentStore } from "../content/content-store.ts";
import type { EmbeddedImage } from "../embedded.ts";
import { embeddedParts } from "../embedded.ts";
import { type BlobSource, storeBlob } from "../fetch-blob.ts";
import type { ImageStore } from "../image-store.ts";
import { type ImageTable, isDangling } from "../image-table.ts";
import { type InstallerOptions, installImage, noSource } from "../install.ts";
import type { Leases } from "../leases.ts";
import type { RegistryPort } from "../pull.ts";
import { parseName, type Reference, type ReferenceOptions, repositoryOf } from "../reference.ts";
import { skipBytes } from "../skip-bytes.ts";
import type { Snapshotter } from "../snapshots/snapshotter.ts";
import type { Need, Needs } from "./needs.ts";
import type { StoreProblem } from "./report.ts";
import type { Verified } from "./verify-blobs.ts";

export type RepairOptions = InstallerOptions & {
  readonly content: ContentStore;
  readonly snapshotter: Snapshotter;
  readonly table: ImageTable;
  readonly store: Pick<ImageStore, "publish">;
  readonly leases: Leases;
  readonly registry: RegistryPort;
  readonly references: ReferenceOptions;
};

export type RepairRequest = {
  readonly needs: Needs;
  /** Images that the program brings along. */
  readonly embedded: readonly EmbeddedImage[];
  /** Blobs that are damaged now. */
  readonly damaged: Verified["damaged"];
  readonly signal: AbortSignal | undefined;
};

/** Puts one thing right. @returns the problem as it is now: repaired, or with what to do about it */
export async function repairProblem(
  options: RepairOptions,
  problem: StoreProblem,
  request: RepairRequest,
): Promise<StoreProblem> {
  try {
    const hint = await repairs[problem.kind](options, problem, request);
    return hint === undefined ? { ...problem, repaired: true, hint: undefined } : { ...problem, hint };
  } catch (error) {
    request.signal?.throwIfAborted();
    if (!(error instanceof TugError)) throw error;
    return { ...problem, hint: `it could not be repaired: ${messageOf(error)}` };
  }
}

/** Resolves to what is left to do, or to nothing. */
type Repair = (
  options: RepairOptions,
  problem: StoreProblem,
  request: RepairRequest,
) => Promise<string | undefined>;

const byHand: Repair = async (_, { hint }) => hint ?? "";

const repairs: Readonly<Record<StoreProblem["kind"], Repair>> = {
  "blob-damaged": repairBlob,
  "blob-missing": repairBlob,
  "layer-missing": unpackAgain,
  "layer-damaged": dropLayers,
  "files-missing": dropLayers,
  list: async ({ store }) => void (await store.publish()),
  document: byHand,
  record: byHand,
  database: byHand,
};

async function repairBlob(
  options: RepairOptions,
  { subject, hint }: StoreProblem,
  request: RepairRequest,
): Promise<string | undefined> {
  const { content, leases } = options;
  const digest = subject as Digest;
  const need = request.needs.blobs.get(digest);
  const sources = need === undefined ? [] : sourcesOf(options, need, request);
  if (need === undefined || (!need.isRequired && sources.length === 0)) {
    // What nobody needs, or what an index lists for other machines, is better not here than damaged.
    const remove = async () => void (await content.delete(digest));
    const isGone = await leases.unlessLeased({ kind: "blob", resource: digest }, remove);
    return isGone ? undefined : "it is in use: repair again later";
  }
  if (sources.length === 0) return hint ?? "";
  using lease = leases.temporary();
  await lease.retain({ kind: "blob", resource: digest });
  await content.delete(digest);
  const failures: string[] = [];
  for (const source of sources) {
    try {
      await storeBlob(need.expected, { content, source, signal: request.signal });
      return undefined;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (!(error instanceof TugError)) throw error;
      failures.push(messageOf(error));
    }
  }
  const otherwise = hint === undefined ? "" : `; if that stays so, ${hint}`;
  return `it could not be fetched again: ${failures.join("; ")}${otherwise}`;
}

/** Where the bytes can come from: the program itself, or the registries of the images' names. */
function sourcesOf(
  { registry, references }: RepairOptions,
  { expected, names }: Need,
  { embedded, signal }: RepairRequest,
): BlobSource[] {
  const own = embedded.map((image) => embeddedParts(image).blobs.get(expected.digest)).find(Boolean);
  const repositories = new Map<string, Reference>();
  for (const name of names) {
    // A digest in its name says that it came from there; a tag anybody may give.
    const reference = isDangling(name) ? undefined : parseName(name, references);
    if (reference?.digest !== undefined && reference.domain !== "")
      repositories.set(repositoryOf(reference), reference);
  }
  const fetched = [...repositories.values()].map((reference): BlobSource => {
    const repository = registry.repository(reference, {});
    if (!isDocument(expected)) return (blob, options) => repository.blob(blob, options);
    const document = async function* () {
      yield (await repository.manifest(expected.digest, signal)).data;
    };
    return (_, { offset }) => skipBytes(document(), offset);
  });
  if (own === undefined) return fetched;
  const given = async function* () {
    yield own;
  };
  return [(_, { offset }) => skipBytes(given(), offset), ...fetched];
}

/** Unpacks the layers of the images that have this one; their blobs are here, or another problem tells of them. */
async function unpackAgain(
  options: RepairOptions,
  { subject }: StoreProblem,
  { needs, signal }: RepairRequest,
): Promise<undefined> {
  const [name = ""] = needs.layers.get(subject as Digest)?.names ?? [];
  await unpack(options, { key: subject, name, signal });
}

/** Has the layers of an image unpacked unless that one is. */
async function unpack(
  options: RepairOptions,
  { key, name, signal }: { key: string; name: string; signal: AbortSignal | undefined },
): Promise<void> {
  const row = options.table.get(name);
  if (row === undefined || options.snapshotter.info(key) !== undefined) return;
  using lease = options.leases.temporary();
  await installImage(options, {
    name,
    target: row.manifest,
    source: noSource(name),
    choose: ({ index }) => index.manifests[0] as (typeof index.manifests)[number],
    lease,
    signal,
  });
}

/**
 * Forgets a layer that has lost its files or has others, and those on it, and unpacks them again; not below a container,
 * and not where there is nothing to unpack them from.
 */
async function dropLayers(
  options: RepairOptions,
  { subject, hint }: StoreProblem,
  { needs, damaged, signal }: RepairRequest,
): Promise<string | undefined> {
  const { snapshotter, content } = options;
  if (!needs.layers.has(subject as Digest)) return await dropUnneeded(options, subject, hint);
  const above = new Set([subject]);
  const users: string[] = [];
  for (const { key, kind, parent } of snapshotter.list()) {
    if (parent === undefined || !above.has(parent)) continue;
    above.add(key);
    if (kind !== "committed") users.push(key.slice(0, 12));
  }
  if (users.length > 0)
    return `remove the containers that stand on it, and repair again: tug rm ${users.join(" ")}`;
  for (const key of above) {
    const { blob } = needs.layers.get(key as Digest) ?? {};
    if (blob === undefined || (!damaged.has(blob) && (await content.size(blob)) !== undefined)) continue;
    return `it cannot be unpacked again before blob ${blob} is here: ${hint ?? "get its image again"}`;
  }
  for (const key of [...above].reverse()) await snapshotter.remove(key);
  for (const key of above) {
    for (const name of needs.layers.get(key as Digest)?.names ?? [])
      await unpack(options, { key, name, signal });
  }
  return undefined;
}

/** The removal of what nothing needs follows a repair, but leaves what something stands on. */
async function dropUnneeded(
  { snapshotter, leases }: RepairOptions,
  key: string,
  hint: string | undefined,
): Promise<string | undefined> {
  const isUsed = snapshotter.list().some(({ parent }) => parent === key);
  if (isUsed || snapshotter.info(key)?.kind !== "committed") return hint ?? "";
  const remove = () => snapshotter.remove(key);
  const isGone = await leases.unlessLeased({ kind: "snapshot", resource: key }, remove);
  return isGone ? undefined : "it is in use: repair again later";
}
