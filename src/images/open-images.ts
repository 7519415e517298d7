import { join } from "node:path";
import {
  createKeyedMutex,
  type Database,
  type Digest,
  type Logger,
  type Migration,
  messageOf,
  plainError,
  TugError,
} from "../base/index.ts";
import type { Platform } from "../specs/index.ts";
import { loadArchive } from "./archive/load-archive.ts";
import { loadLayout } from "./archive/load-layout.ts";
import { checkStore } from "./check/check-store.ts";
import { commitImage } from "./commit-image.ts";
import { compareImages } from "./compare/compare-images.ts";
import { openLayoutStore } from "./content/layout-store.ts";
import { inContext } from "./context.ts";
import { importEmbedded } from "./embedded.ts";
import { imageError } from "./errors.ts";
import { collectGarbage } from "./gc.ts";
import { heldBytes, heldImages } from "./held-images.ts";
import { createImageStore, type Image, notFound } from "./image-store.ts";
import { createImageTable, imageMigrations } from "./image-table.ts";
import { treeOfImage } from "./image-tree.ts";
import type {
  ContainerSnapshotOptions,
  Images,
  PulledImage,
  PullImageOptions,
  PushImageOptions,
} from "./images.ts";
import { importImage } from "./import-image.ts";
import { createLayerInstaller, unpackPrefix } from "./install-layer.ts";
import { exportTar } from "./layers/export-tar.ts";
import type { Usage } from "./layers/translate.ts";
import type { TreePort } from "./layers/tree-port.ts";
import { leaseMigrations, openLeases } from "./leases.ts";
import { createLimiter } from "./limiter.ts";
import { measureTree } from "./measure-tree.ts";
import { admitRun } from "./policy/admit-run.ts";
import { type PolicyFiles, readPolicy } from "./policy/policy-file.ts";
import { pruneImages } from "./prune.ts";
import { pullImage, type RegistryPort } from "./pull.ts";
import { type PushResult, pushImage, type WriterPort } from "./push/push-image.ts";
import { formatReference, parseReference, parseTag } from "./reference.ts";
import type { RegistryClient } from "./registry/client.ts";
import { removeImage } from "./remove.ts";
import { resolveFound, resolveImage } from "./resolve.ts";
import { saveImages, saveImagesToLayout } from "./save-images.ts";
import { hostedNames } from "./server/hosted-names.ts";
import { createRegistryTable, registryMigrations } from "./server/registry-table.ts";
import { type RegistryServer, serveRegistry } from "./server/serve-registry.ts";
import { dropCached, dropStale } from "./server/tidy.ts";
import { type Lookaside, openLookaside } from "./signatures/lookaside.ts";
import { createSignatureTable, signatureMigrations } from "./signatures/signature-table.ts";
import { chooseApplier } from "./snapshots/choose-applier.ts";
import { createLayerMounts, type LayerMounter } from "./snapshots/layer-mounts.ts";
import { openOverlaySnapshotter } from "./snapshots/overlay.ts";
import { probeLayers } from "./snapshots/probe-layers.ts";
import { snapshotMigrations } from "./snapshots/snapshot-table.ts";
import type { SnapshotForm, SnapshotMounts } from "./snapshots/snapshotter.ts";
import { spaceKeepers } from "./space-keepers.ts";
import { squashImage } from "./squash-image.ts";
import { createRemoteImages } from "./transports/remote-images.ts";
import { createDiskSync, type Disk, type DiskSync, type DiskSyncOptions } from "./unsynced/disk-sync.ts";
import { type RestoreOptions, restoreUnsynced, type Suspects } from "./unsynced/restore-unsynced.ts";
import { createUnsyncedTable, unsyncedMigrations } from "./unsynced/unsynced-table.ts";

/** The tables of this module, for whoever opens the database. */
export const imagesMigrations: readonly Migration[] = [
  ...imageMigrations,
  ...leaseMigrations,
  ...snapshotMigrations,
  ...registryMigrations,
  ...signatureMigrations,
  ...unsyncedMigrations,
];

export type ImagesOptions = {
  /** Directory for `content` and `snapshots`; made if it is not there. Only one process may have it open. */
  root: string;
  /** Opened with `imagesMigrations`. */
  database: Database;
  trees: TreePort;
  registry: RegistryPort & WriterPort & Pick<RegistryClient, "logIn" | "repository" | "search" | "writer">;
  logger: Logger;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Repositories of images that the program brings along, such as `tug/hello`. */
  embedded?: readonly string[];
  /** Who must have signed what comes in and runs; by default nobody. */
  policy?: PolicyFiles;
  /** Where GPG signatures of images in registries lie; by default nowhere. */
  lookaside?: Lookaside;
  /** How layers are kept that come from now on, see `chooseApplier`. Those that are here stay as they are. */
  snapshotter?: SnapshotForm;
  /** What mounts layers of the form `erofs`, and where; left out: nothing. */
  layers?: { root: string; mounter: LayerMounter };
  /** The disk of `root`, which layers do not wait for then; left out: they do, as far as their form does so. */
  disk?: Disk;
  /** Called when opening takes its time, because what a power loss may have damaged is looked at and made again. */
  onRestore?: (suspects: Suspects) => Promise<void>;
  /** How many layers are downloaded and unpacked at once, and how many sent. */
  parallel?: number;
  /** What a tree takes on the disk; by default all of it is read. */
  measureTree?: (directory: string, signal?: AbortSignal) => Promise<Usage>;
  /** Removes a directory with all that is in it; by default Node does, which follows no links. */
  removeTree?: (directory: string) => Promise<void>;
};

/** Opens the images of an engine, and cleans up what a crash left. */
export async function openImages(options: ImagesOptions): Promise<Images> {
  const parts = await openParts(options);
  const { store, table, snapshotter, leases, references } = parts;
  const collect = () => collectGarbage(parts);
  const tidily = createTidily(options.logger, collect);
  const servers = new Set<RegistryServer>();
  await store.publish();
  return {
    pull: (reference, request) => tidily(() => pull(parts, reference, request)),
    push: (reference, request) => push(parts, reference, request),
    logIn: (domain, credentials, signal) => options.registry.logIn(domain, credentials, signal),
    load: (archive, request) => tidily(() => loadArchive(parts, archive, request)),
    loadLayout: (directory, request) => tidily(() => loadLayout(parts, directory, request)),
    save: (queries, request) => saveImages(parts, queries, request),
    saveLayout: (queries, directory, request) =>
      saveImagesToLayout(parts, queries, { directory, ...request }),
    importEmbedded: (image, signal) =>
      tidily(async () => {
        const record = await importEmbedded(parts, image, signal);
        parts.brought.add(record.manifest.digest);
        return await store.read(record);
      }),
    tree: async (query) => treeOfImage(parts, await store.get(query)),
    compare: async (before, after, signal) =>
      compareImages(parts.content, [await store.get(before), await store.get(after)], signal),
    remote: createRemoteImages({ ...parts, registry: options.registry }),
    import: (archive, request = {}) =>
      tidily(async () => store.read(await importImage(parts, archive, request))),
    commit: (layer, request) => tidily(async () => store.read(await commitImage(parts, layer, request))),
    squash: (request) => tidily(async () => store.read(await squashImage(parts, request))),
    check: (request) => checkStore({ ...parts, database: options.database }, request),
    tag: (query, name) => tag(parts, query, name),
    list: () => store.list(),
    get: (query) => store.get(query),
    remove: (query, request) => removeImage({ store, table, references, collect }, query, request),
    async prune(request) {
      const registry = createRegistryTable(options.database);
      dropStale({ ...parts, registry });
      if (request?.all) dropCached({ ...parts, registry });
      const hosting = hostedNames(options.database);
      const isPushed = (name: string) => hosting(name) === "pushed";
      return await pruneImages({ store, table, collect, isPushed }, request);
    },
    async serveRegistry(settings, onServed) {
      const server = await serveRegistry(
        { ...options, ...parts, upstream: options.registry, collect },
        settings,
        onServed,
      );
      servers.add(server);
      void server.closed.then(() => servers.delete(server));
      return server;
    },
    async close({ unmount = false } = {}) {
      for (const server of servers) await server[Symbol.asyncDispose]();
      parts.diskSync?.close();
      if (unmount) await parts.layers?.restore(new Map(), () => {});
    },
    keepers: () => spaceKeepers({ ...parts, registry: createRegistryTable(options.database) }),
    snapshotter: () => parts.applier.form(),
    held: () => heldImages({ ...parts, hosting: hostedNames(options.database) }),
    heldBytes: () => heldBytes(parts),
    async dropCaches() {
      dropCached({ ...parts, registry: createRegistryTable(options.database) });
      return await collect();
    },
    collectGarbage: collect,
    resolve: (query, platform) => resolveImage(parts, query, platform),
    resolveToRun: (query, platform) => resolveToRun(parts, query, platform),
    retain: (id, manifest) => leases.permanent(id).retain({ kind: "manifest", resource: manifest }),
    release: (id) => leases.permanent(id).release(),
    prepareContainerSnapshot: (key, chainId, options) =>
      prepareContainer(parts, { key, chainId, ...options }),
    predictContainerSnapshot: (key, chainId) => snapshotter.predict(key, chainId),
    containerMounts: (key) => snapshotter.mounts(key),
    renewContainerSnapshot: (key) => snapshotter.renew(key),
    containerUsage: (key, signal) => snapshotter.usage(key, signal),
    async removeContainerSnapshot(key, lifetime) {
      await snapshotter.remove(key, lifetime);
      leases.permanent(key, true).release();
    },
    exportTar,
  };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

async function openParts(options: ImagesOptions) {
  const { root, database, trees, registry, logger } = options;
  const { now = Date.now, embedded = [], parallel = 4, policy = { firstOf: [] } } = options;
  const content = await openLayoutStore(join(root, "content"), { now });
  const layers = options.layers && mountsOfLayers(join(root, "snapshots"), options.layers);
  const form = options.snapshotter;
  if (form === "erofs" && layers === undefined) {
    throw imageError("SNAPSHOTTER", "cannot use the snapshotter erofs: nothing can be mounted");
  }
  const unsynced = createUnsyncedTable(database);
  const suspects = options.disk === undefined ? [] : unsynced.ofOtherBoots(options.disk.bootId);
  const snapshotter = await openOverlaySnapshotter({
    root: join(root, "snapshots"),
    database,
    logger,
    suspects: new Set(suspects.filter(({ kind }) => kind === "layer").map(({ resource }) => resource)),
    ...(layers !== undefined && { layers }),
    measure: options.measureTree ?? ((directory, signal) => measureTree(trees, directory, signal)),
    ...(options.removeTree !== undefined && { removeTree: options.removeTree }),
    now,
  });
  if (form === "erofs") await layers?.access();
  for (const { key } of snapshotter.list()) if (key.startsWith(unpackPrefix)) await snapshotter.remove(key);
  const table = createImageTable(database);
  const leases = openLeases(database);
  const references = { embedded };
  const signatures = createSignatureTable(database);
  const signing = createKeyedMutex();
  const store = createImageStore({ table, content, snapshotter, references, logger, now });
  const applier = chooseApplier({ snapshotter, trees, layers, form, logger });
  const downloads = createLimiter(parallel);
  const uploads = createLimiter(parallel);
  const diskSync =
    options.disk &&
    (await openDiskSync(options.disk, {
      table: unsynced,
      root,
      images: { content, snapshotter, applier, store, images: table, onBegin: options.onRestore },
      logger,
    }));
  const installLayer = createLayerInstaller({ content, snapshotter, applier, diskSync, limit: downloads });
  return {
    content,
    snapshotter,
    table,
    leases,
    references,
    signatures,
    signing,
    policy: () => readPolicy(policy),
    lookaside: options.lookaside ?? openLookaside({ files: { directories: [], storage: undefined } }),
    brought: new Set<Digest>(),
    store,
    applier,
    installLayer,
    layers,
    diskSync,
    registry,
    downloads,
    uploads,
    now,
  };
}

type Synced = Pick<DiskSyncOptions, "table" | "root" | "logger"> & {
  images: Omit<RestoreOptions, "table" | "bootId" | "logger">;
};

/** First what the machine has lost when it went down is put right. */
async function openDiskSync(disk: Disk, { table, root, logger, images }: Synced): Promise<DiskSync> {
  await restoreUnsynced({ ...images, table, bootId: disk.bootId, logger });
  return createDiskSync({ table, disk, root, logger });
}

/** @param store directory of the snapshots */
function mountsOfLayers(store: string, { root, mounter }: { root: string; mounter: LayerMounter }) {
  const probe = () => probeLayers({ store, mounts: root, mounter });
  return createLayerMounts({ root, mounter, probe });
}

/** An image that the policy lets run. */
async function resolveToRun(parts: Parts, query: string, platform: Platform | undefined): Promise<Image> {
  const found = parts.store.find(query);
  if (found === undefined) throw notFound(query);
  const image = await resolveFound(parts, { query, found, platform });
  const rows = found.name === undefined ? () => parts.table.byId(found.id) : undefined;
  await admitRun(parts, { query, image, rows });
  return image;
}

/** The lease comes first, so that the image cannot go meanwhile; it stays only if the snapshot does. */
async function prepareContainer(
  { snapshotter, leases }: Parts,
  {
    key,
    chainId,
    manifests = [],
    ...lifetime
  }: { key: string; chainId: Digest | undefined } & ContainerSnapshotOptions,
): Promise<SnapshotMounts> {
  if (snapshotter.info(key) !== undefined) return await snapshotter.prepare(key, chainId);
  const lease = leases.permanent(key, true);
  try {
    for (const resource of manifests) await lease.retain({ kind: "manifest", resource });
    return await snapshotter.prepare(key, chainId, lifetime);
  } catch (error) {
    lease.release();
    throw error;
  }
}

async function pull(
  parts: Parts,
  text: string,
  { credentials, ...request }: PullImageOptions = {},
): Promise<PulledImage> {
  const reference = parseReference(text, parts.references);
  const name = formatReference(reference);
  if (reference.domain === "") {
    throw imageError("NOT_FOUND", `cannot pull ${name}: it belongs to no registry`, {
      hint: "the name is kept for an image that tug brings along",
      details: { reference: name },
    });
  }
  const source = credentials === undefined ? {} : { credentials: async () => credentials };
  try {
    const { record, changed } = await pullImage(parts, { reference, ...source, ...request });
    return { image: await parts.store.read(record), name, digest: record.target.digest, changed };
  } catch (error) {
    throw inContext(error, "pull", name);
  }
}

async function push(
  parts: Parts,
  text: string,
  { credentials, ...request }: PushImageOptions = {},
): Promise<PushResult> {
  const reference = parseReference(text, parts.references);
  const name = formatReference(reference);
  if (reference.domain === "") {
    throw imageError("REFERENCE", `cannot push ${name}: it belongs to no registry`, {
      hint: "tag it with the name of a registry first",
      details: { reference: name },
    });
  }
  const source = credentials === undefined ? {} : { credentials: async () => credentials };
  try {
    return await pushImage(parts, { reference, ...source, ...request });
  } catch (error) {
    throw inContext(error, "push", name);
  }
}

async function tag({ store, references }: Parts, query: string, text: string): Promise<void> {
  const found = store.find(query);
  if (found === undefined) throw notFound(query);
  await store.put([formatReference(parseTag(text, references))], found);
}

/** Failures that another attempt may not have: what is here by then is kept for it. */
const passing = ["canceled", "timeout", "unavailable"];

/** Runs work and removes what it left behind when it failed. */
function createTidily(logger: Logger, collect: () => Promise<unknown>) {
  return async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      const error = plainError(thrown);
      if (error instanceof TugError && !passing.includes(error.kind)) {
        await collect().catch((cause: unknown) => {
          logger.log("warn", "images.collection-failed", { reason: messageOf(cause) });
        });
      }
      throw error;
    }
  };
}
