import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type EnginePaths,
  enginePaths,
  errnoOf,
  type Logger,
  openDatabase,
  writeFileAtomic,
} from "../base/index.ts";
import { credentialPlaces, findCredentials } from "../credentials/index.ts";
import { openSpawner, openWitness, spawnedHelper } from "../helper/index.ts";
import { makeServiceGroup, readHostFacts } from "../host/index.ts";
import {
  configuredHosts,
  createRegistryClient,
  imagesMigrations,
  openImages,
  readProxies,
} from "../images/index.ts";
import { networkMigrations, openNetworks } from "../network/index.ts";
import { createBackground } from "./background.ts";
import { type Containers, openContainers } from "./containers/service.ts";
import { containerMigrations, containerStore } from "./containers/store.ts";
import type { EngineContext } from "./context.ts";
import { createEventLog } from "./events.ts";
import { type Execs, openExecs } from "./exec/service.ts";
import { createExecSessions } from "./exec/sessions.ts";
import { openHealthChecks } from "./health/service.ts";
import { openHealthTable } from "./health/table.ts";
import { containerImages } from "./images/container-images.ts";
import { HELLO, helloImage } from "./images/hello.ts";
import { isHostImage } from "./images/host-image.ts";
import { layerUsage } from "./images/layer-usage.ts";
import { type ImageService, openImageService } from "./images/service.ts";
import { openJournal } from "./journal.ts";
import { lockDataDirectory } from "./lock.ts";
import { type NetworkService, openNetworkService } from "./networks/service.ts";
import { giveReserve, takeReserve } from "./reserve.ts";
import { makeRunDirectory } from "./run-directory.ts";
import { type SystemFacts, systemFacts } from "./system.ts";
import { helperTrees } from "./trees.ts";
import { openVolumeService, type VolumeService } from "./volumes/service.ts";
import { volumeMigrations, volumeStore } from "./volumes/store.ts";
import { openVolumes } from "./volumes/volumes.ts";
import { openGoodRuns } from "./why/good-runs.ts";

/** The data directory of the engine that a machine has unless it has several. */
const DEFAULT_DATA = "/var/lib/tug";

export type EngineOptions = {
  readonly paths: EnginePaths;
  /** Whether another engine answers in the run directory. */
  readonly isServed: () => Promise<boolean>;
  /** The helper program and the program of the image tug/hello; called when the data directory is this engine's. */
  readonly findPrograms: () => Promise<{ readonly helper: string; readonly hello: string }>;
  readonly version: string;
  readonly logger: Logger;
  /** Where credentials are for clients that bring none. */
  readonly home: string;
};

/** How long an engine that ends goes on removing what containers left, in milliseconds; the next one does the rest. */
const FAREWELL = 2000;

/** An engine: what the doors call. */
export interface Engine {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  readonly system: SystemFacts;
  readonly plans: Pick<Containers, "explain" | "planOf">;
  /** Lets go of the directories. Containers go on. */
  close(): Promise<void>;
}

/**
 * Opens the engine of a data directory: takes its lock before anything else, brings the database up to date, and takes
 * up what an engine before left.
 *
 * @throws LOCK_HELD when another engine has the directory, ENGINE_RUN_DIRECTORY when the other one is not private, DATABASE_NEWER when a newer tug wrote it
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const layout = enginePaths(options.paths);
  await mkdir(layout.data, { recursive: true, mode: 0o711 });
  await makeRunDirectory(layout.run);
  await using opened = new AsyncDisposableStack();
  opened.adopt(await lockDataDirectory(layout.lock, options), (lock) => lock.release());
  const reserve = join(layout.data, "reserve");
  await giveReserve(reserve);
  const programs = await options.findPrograms();
  const database = opened.use(
    openDatabase(layout.database, [
      ...imagesMigrations,
      ...containerMigrations,
      ...networkMigrations,
      ...volumeMigrations,
    ]),
  );
  const spawner = opened.use(
    await openSpawner({
      helper: programs.helper,
      socket: layout.spawnerSocket,
      makeGroup: () => makeServiceGroup("monitors"),
      revive: layout,
      logger: options.logger,
    }),
  );
  const helper = spawnedHelper(spawner, programs.helper);
  const registry = opened.use(
    createRegistryClient({
      credentials: findCredentials(credentialPlaces({ HOME: options.home })),
      hosts: configuredHosts(),
      proxies: () => readProxies(process.env),
    }),
  );
  const images = await openImages({
    root: layout.data,
    database,
    trees: helperTrees(helper),
    registry,
    logger: options.logger,
    embedded: [HELLO],
  });
  await images.importEmbedded(await helloImage(programs.hello));
  const store = containerStore(database);
  const journal = opened.adopt(openJournal(layout.journal), (it) => it.close());
  const events = createEventLog({ journal, logger: options.logger });
  const networks = opened.use(
    openNetworks({
      database,
      helper,
      logger: options.logger,
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
  const isHost = (id: string): boolean => isHostImage(store.get(id)?.image.id ?? "");
  const background = createBackground();
  opened.defer(() =>
    Promise.race([background.settled(), new Promise<void>((late) => setTimeout(late, FAREWELL))]),
  );
  const context: EngineContext = {
    background,
    layout,
    store,
    images: containerImages(images, isHost),
    execs: createExecSessions((id) => store.get(id) !== undefined),
    health: openHealthTable(journal),
    goodRuns: openGoodRuns(journal),
    networks,
    volumes,
    helper,
    spawner,
    witness: opened.use(openWitness(spawner, options.logger)),
    readFacts: readHostFacts,
    events,
    logger: options.logger,
  };
  const containers = openContainers(context);
  opened.defer(() => containers.close());
  await containers.recover();
  await networks.recover((id) => usesNetworks.has(store.get(id)?.state.status ?? ""));
  const execs = openExecs(context);
  await execs.recover();
  opened.use(openHealthChecks(context, containers.endUnhealthy)).recover();
  const system = systemFacts(context, {
    version: options.version,
    id: await directoryId(layout.data),
    countImages: async () => (await images.list()).length,
    measureLayers: async () => layerUsage(await images.list()),
  });
  database.keepRoom();
  await takeReserve(reserve);
  const kept = opened.move();
  return {
    containers,
    execs,
    networks: openNetworkService(context, containers),
    volumes: openVolumeService(context),
    images: openImageService({
      images,
      store,
      events,
      containers,
      settled: background.settled,
      embedded: async () => [await helloImage(programs.hello)],
    }),
    system,
    plans: containers,
    close: () => kept.disposeAsync(),
  };
}

/** States in which a container has its place in networks; a restart policy may be starting it by now. */
const usesNetworks: ReadonlySet<string> = new Set(["starting", "running", "paused"]);

/** Engines of other data directories call their bridge and their table of the packet filter otherwise. */
function networkPrefix(data: string): string {
  if (data === DEFAULT_DATA) return "tug";
  return `tug${createHash("sha256").update(data).digest("hex").slice(0, 5)}`;
}

/** Names a data directory for ever. */
async function directoryId(data: string): Promise<string> {
  const path = join(data, "id");
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    const id = randomUUID();
    await writeFileAtomic(path, `${id}\n`, 0o644);
    return id;
  }
}
