import { createHash } from "node:crypto";
import { type Database, type EngineLayout, openDatabase, writeFileAtomic } from "../base/index.ts";
import { usualCdiDirectories } from "../cdi/index.ts";
import { credentialPlaces, findCredentials } from "../credentials/index.ts";
import { type Helper, keepNetworksAhead, openSpawner, openWitness, spawnedHelper } from "../helper/index.ts";
import { findTopGroup, makeServiceGroup, readHostFacts } from "../host/index.ts";
import {
  configuredHosts,
  createRegistryClient,
  type Images,
  imagesMigrations,
  openImages,
  openLookaside,
  readProxies,
  type SnapshotForm,
  usualLookasideFiles,
  usualPolicyFiles,
} from "../images/index.ts";
import { networkMigrations, openNetworks, openShortcut } from "../network/index.ts";
import { createKnownPlans } from "../runtime/index.ts";
import { createBackground } from "./background.ts";
import { configuredCriu } from "./checkpoints/criu.ts";
import type { ContainerRecord } from "./containers/record.ts";
import { containerMigrations, containerStore } from "./containers/store.ts";
import type { EngineContext } from "./context.ts";
import { imageDisk } from "./disk/image-disk.ts";
import { type ImageUses, openImageUses } from "./disk/image-uses.ts";
import { createEventLog } from "./events.ts";
import { createExecSessions } from "./exec/sessions.ts";
import { openHealthTable } from "./health/table.ts";
import { containerImages } from "./images/container-images.ts";
import { HELLO, helloImage } from "./images/hello.ts";
import { makeMountPoints } from "./images/mount-points.ts";
import { chooseSnapshotter } from "./images/snapshotter.ts";
import { openJournal } from "./journal.ts";
import { layerMounter } from "./layer-mounter.ts";
import { namedDataMigrations, openNamedData } from "./named-data/store.ts";
import type { EngineOptions } from "./open-engine.ts";
import { runtimeHandlers } from "./runtimes/handlers.ts";
import { socketMigrations } from "./sockets/sockets.ts";
import { helperRemoval, helperTrees } from "./trees.ts";
import { volumeMigrations, volumeStore } from "./volumes/store.ts";
import { openVolumes } from "./volumes/volumes.ts";
import { openGoodRuns } from "./why/good-runs.ts";

/** The data directory of the engine that a machine has unless it has several. */
const DEFAULT_DATA = "/var/lib/tug";

/** How long an engine that ends goes on removing what containers left, in milliseconds; the next one does the rest. */
const FAREWELL = 2000;

/** What an engine is put together from, of one data directory. */
export type EngineParts = {
  readonly context: EngineContext;
  readonly database: Database;
  readonly images: Images;
  readonly imageUses: ImageUses;
  readonly programs: Awaited<ReturnType<EngineOptions["findPrograms"]>>;
};

/**
 * Opens what the parts of an engine share, in a data directory that is this engine's. Containers that an engine before
 * left are not looked at.
 *
 * @param opened closes all of it
 */
export async function openParts(
  options: EngineOptions,
  layout: EngineLayout,
  opened: AsyncDisposableStack,
): Promise<EngineParts> {
  const { logger } = options;
  const programs = await options.findPrograms();
  const database = opened.use(
    openDatabase(layout.database, [
      ...imagesMigrations,
      ...containerMigrations,
      ...networkMigrations,
      ...volumeMigrations,
      ...namedDataMigrations,
      ...socketMigrations,
    ]),
  );
  const spawner = opened.use(
    await openSpawner({
      helper: programs.helper,
      socket: layout.spawnerSocket,
      makeGroup: () => makeServiceGroup("monitors"),
      revive: layout,
      logger,
    }),
  );
  const helper = spawnedHelper(spawner, programs.helper);
  const snapshotter = await chooseSnapshotter(options);
  const images = await openEngineImages(options, {
    layout,
    database,
    helper,
    snapshotter,
    opened,
  });
  await makeMountPoints(layout.mountPoints);
  await images.importEmbedded(await helloImage(programs.hello));
  const store = containerStore(database);
  const journal = opened.adopt(openJournal(layout.journal), (it) => it.close());
  const events = createEventLog({ journal, logger });
  const shortcut = opened.use(openShortcut({ maker: spawner, logger, group: findTopGroup }));
  const networks = opened.use(
    await openNetworks({
      database,
      helper,
      logger,
      shortcut,
      namespaces: layout.networkNamespaces,
      prefix: networkPrefix(layout.data),
    }),
  );
  const volumes = await openVolumes({
    root: layout.volumes,
    store: volumeStore(database),
    onMade: ({ name }) =>
      events.publish({ type: "volume", action: "create", id: name, attributes: { driver: "local" } }),
  });
  const imageUses = openImageUses(journal);
  const background = createBackground();
  opened.defer(() =>
    Promise.race([background.settled(), new Promise<void>((late) => setTimeout(late, FAREWELL))]),
  );
  const context: EngineContext = {
    background,
    layout,
    store,
    images: containerImages({
      images,
      useOf: (id) => useOf(store.get(id)),
      onUse: imageUses.note,
      mountPoints: layout.mountPoints,
    }),
    execs: createExecSessions((id) => store.get(id) !== undefined),
    health: openHealthTable(journal),
    goodRuns: openGoodRuns(journal),
    networks,
    cdiDirectories: options.cdiDirectories ?? usualCdiDirectories,
    runtimes: runtimeHandlers(options.config),
    findCriu: () => configuredCriu(options.config),
    defaultNetwork: options.defaultNetwork,
    volumes,
    secrets: openNamedData(database, "secret"),
    configs: openNamedData(database, "config"),
    helper,
    spawner,
    witness: opened.use(openWitness(spawner, logger)),
    knownPlans: createKnownPlans(),
    networksAhead: opened.use(keepNetworksAhead(spawner)),
    readFacts: readHostFacts,
    events,
    logger,
  };
  return { context, database, images, imageUses, programs };
}

type Opening = {
  readonly layout: EngineLayout;
  readonly database: Database;
  readonly helper: Helper;
  readonly snapshotter: SnapshotForm | undefined;
  readonly opened: AsyncDisposableStack;
};

async function openEngineImages(
  { home, policy, registriesDirectory, logger }: EngineOptions,
  { layout, database, helper, snapshotter, opened }: Opening,
): Promise<Images> {
  const proxies = () => readProxies(process.env);
  const usual = usualLookasideFiles(home);
  const directories = registriesDirectory === undefined ? usual.directories : [registriesDirectory];
  const registry = opened.use(
    createRegistryClient({
      credentials: findCredentials(credentialPlaces({ HOME: home })),
      hosts: configuredHosts(),
      proxies,
    }),
  );
  const images = await openImages({
    root: layout.data,
    database,
    trees: helperTrees(helper),
    removeTree: helperRemoval(helper),
    ...(snapshotter !== undefined && { snapshotter }),
    layers: { root: layout.layers, mounter: layerMounter(helper) },
    disk: imageDisk(helper, (await readHostFacts()).bootId),
    onRestore: ({ blobs, layers }) => {
      const work = `it puts right what a power loss may have damaged (${blobs} blobs, ${layers} layers)`;
      return writeFileAtomic(layout.workFile, `${work}\n`, 0o600);
    },
    registry,
    logger,
    embedded: [HELLO],
    policy: policy === undefined ? usualPolicyFiles : { file: policy },
    lookaside: openLookaside({ files: { ...usual, directories }, proxies }),
  });
  opened.defer(() => images.close({ unmount: isAtRest(database) }));
  return images;
}

/** No container runs, or could be started again without an engine. */
function isAtRest(database: Database): boolean {
  return containerStore(database)
    .list()
    .every(({ state }) => ["created", "exited", "dead"].includes(state.status));
}

/** A container that was never started has been of use when it was made. */
function useOf(record: ContainerRecord | undefined): { image: string; until: number } | undefined {
  if (record === undefined) return undefined;
  return { image: record.image.id, until: Date.parse(record.state.finishedAt ?? record.createdAt) };
}

/** Engines of other data directories call their bridge and their table of the packet filter otherwise. */
function networkPrefix(data: string): string {
  if (data === DEFAULT_DATA) return "tug";
  return `tug${createHash("sha256").update(data).digest("hex").slice(0, 5)}`;
}
