import type { Database, Digest } from "../../base/index.ts";
import { TugError } from "../../base/index.ts";
import type { EmbeddedImage } from "../embedded.ts";
import { type CollectorOptions, collectGarbage, countGarbage } from "../gc.ts";
import type { ImageStore } from "../image-store.ts";
import { hostedNames } from "../server/hosted-names.ts";
import { findBlobProblems, findDamagedLayers, findLayerProblems, findListProblems } from "./find-problems.ts";
import { findNeeds, type Needs } from "./needs.ts";
import { type RepairOptions, repairProblem } from "./repair.ts";
import type { OnChecked, StoreProblem, StoreReport } from "./report.ts";
import { type DamagedLayers, findArchives, verifyArchives } from "./verify-archives.ts";
import { type Verified, verifyBlobs } from "./verify-blobs.ts";

export type CheckOptions = RepairOptions &
  CollectorOptions & { readonly store: ImageStore; readonly database: Database };

export type CheckRequest = {
  /** Puts right what can be, and removes what nothing needs. */
  readonly repair?: boolean | undefined;
  /** Images that the program brings along, for a repair. */
  readonly embedded?: (() => Promise<readonly EmbeddedImage[]>) | undefined;
  /** Names of the containers that have snapshots, by the snapshots' keys. */
  readonly containers?: ReadonlyMap<string, string> | undefined;
  readonly onChecked?: OnChecked | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** A document that was put right may name further ones: index, manifest, configuration, layers. */
const MOST_ROUNDS = 8;

/**
 * Compares everything in the store with everything that is on record: each blob with its digest, each image with its
 * documents and layers, each snapshot with its files, each layer that is kept as an archive with its digest. With
 * `repair` blobs are fetched again from the registries of the images' names, layers are unpacked again, and what nothing
 * needs is removed; without it nothing is changed.
 */
export async function checkStore(options: CheckOptions, request: CheckRequest = {}): Promise<StoreReport> {
  const { repair = false, onChecked = () => {}, signal } = request;
  const { content, table, snapshotter } = options;
  const archives = await findArchives(snapshotter);
  const verified = await verifyBlobs({ content, ahead: archives.bytes, onChecked, signal });
  const behind = verified.bytes;
  const layers = await verifyArchives({ snapshotter, archives, behind, onChecked, signal });
  const embedded = repair ? ((await request.embedded?.()) ?? []) : [];
  const seen = new Map<string, StoreProblem>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    signal?.throwIfAborted();
    const { needs, found } = await findConfirmed(options, {
      verified,
      layers,
      containers: request.containers ?? new Map(),
    });
    const fresh = found.filter((problem) => seen.get(keyOf(problem))?.repaired !== false);
    for (const problem of fresh) {
      const now = repair
        ? await repairProblem(options, problem, { needs, embedded, damaged: verified.damaged, signal })
        : problem;
      if (now.repaired && isOfBlob(problem)) verified.damaged.delete(problem.subject as Digest);
      seen.set(keyOf(problem), now);
    }
    if (!repair || fresh.length === 0) break;
  }
  const problems = [...seen.values()];
  return {
    problems,
    blobs: verified.count,
    bytes: verified.bytes,
    archives: { count: archives.layers.length, bytes: archives.bytes },
    images: new Set(table.all().map(({ id }) => id)).size,
    snapshots: snapshotter.list().length,
    leftovers: await clearLeftovers(options, repair),
  };
}

type Known = Pick<Found, "needs"> & Circumstances;
type Circumstances = {
  readonly verified: Verified;
  readonly layers: DamagedLayers;
  readonly containers: ReadonlyMap<string, string>;
};
type Found = { readonly needs: Needs; readonly found: readonly StoreProblem[] };

/** Looks twice where something seems wrong: an image may have been removed during the first look. */
async function findConfirmed(options: CheckOptions, circumstances: Circumstances): Promise<Found> {
  const look = async (): Promise<Found> => {
    const hosting = hostedNames(options.database);
    const needs = await findNeeds({ ...options, isHosted: (name) => hosting(name) !== undefined });
    return { needs, found: await findProblems(options, { needs, ...circumstances }) };
  };
  const first = await look();
  if (first.found.length === 0) return first;
  const { needs, found } = await look();
  const before = new Set(first.found.map(keyOf));
  return { needs, found: found.filter((problem) => before.has(keyOf(problem))) };
}

/** A damaged blob that could not be fetched again is missing then, which is no other problem. */
function keyOf({ kind, subject }: StoreProblem): string {
  return `${kind.replace(/^blob-.*/, "blob")} ${subject}`;
}

function isOfBlob({ kind }: StoreProblem): boolean {
  return kind === "blob-damaged" || kind === "blob-missing";
}

async function findProblems(
  options: CheckOptions,
  { needs, verified, layers, containers }: Known,
): Promise<StoreProblem[]> {
  return [
    ...findDatabaseProblems(options.database),
    ...needs.problems,
    ...(await findBlobProblems(options, needs, verified.damaged)),
    ...findDamagedLayers(options, needs, layers),
    ...(await findLayerProblems(options, needs, containers)),
    ...(await findListProblems(options)),
  ];
}

/** Source: https://www.sqlite.org/pragma.html#pragma_quick_check */
function findDatabaseProblems({ sql }: Database): StoreProblem[] {
  return sql
    .prepare("PRAGMA quick_check(10)")
    .all()
    .flatMap((row): StoreProblem[] => {
      const [finding] = Object.values(row);
      if (finding === "ok") return [];
      const sentence = `the database is damaged: ${finding}`;
      const hint = "end the engine and bring its data directory back from a copy";
      return [{ kind: "database", subject: String(finding), sentence, images: [], repaired: false, hint }];
    });
}

/** Where documents cannot be read nobody knows what they need: then nothing is a leftover. */
async function clearLeftovers(options: CheckOptions, remove: boolean): Promise<StoreReport["leftovers"]> {
  try {
    const { blobs, snapshots, bytes } = await (remove ? collectGarbage(options) : countGarbage(options));
    return { count: blobs.length + snapshots.length, bytes, removed: remove };
  } catch (error) {
    if (error instanceof TugError) return undefined;
    throw error;
  }
}
