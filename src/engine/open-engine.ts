import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type EnginePaths, enginePaths, errnoOf, type Logger, writeFileAtomic } from "../base/index.ts";
import { readConfig } from "../config/index.ts";
import type { NetworksAhead } from "../helper/index.ts";
import type { SnapshotForm } from "../images/index.ts";
import { type Containers, openContainers } from "./containers/service.ts";
import { enginePort } from "./disk/engine-port.ts";
import { imagePlaces } from "./disk/image-places.ts";
import { openDiskKeeper } from "./disk/keeper.ts";
import { type Execs, openExecs } from "./exec/service.ts";
import { openHealthChecks } from "./health/service.ts";
import { helloImage } from "./images/hello.ts";
import { layerUsage } from "./images/layer-usage.ts";
import { type ImageService, openImageService } from "./images/service.ts";
import { lockDataDirectory } from "./lock.ts";
import {
  type ConfigService,
  type DataService,
  openConfigService,
  openSecretService,
} from "./named-data/service.ts";
import type { DefaultNetwork } from "./networks/default-network.ts";
import { type NetworkService, openNetworkService } from "./networks/service.ts";
import { openParts } from "./open-parts.ts";
import { giveReserve, takeReserve } from "./reserve.ts";
import { makeRunDirectory } from "./run-directory.ts";
import { openSockets, type SocketStore } from "./sockets/sockets.ts";
import { type SystemFacts, systemFacts } from "./system.ts";
import { helperTrees } from "./trees.ts";
import { openVolumeService, type VolumeService } from "./volumes/service.ts";

export type EngineOptions = {
  readonly paths: EnginePaths;
  /** Whether another engine answers in the run directory. */
  readonly isServed: () => Promise<boolean>;
  /** The helper program and the program of the image tug/hello; called when the data directory is this engine's. */
  readonly findPrograms: () => Promise<{ readonly helper: string; readonly hello: string }>;
  /** What containers are connected to where nobody says otherwise. */
  readonly defaultNetwork: DefaultNetwork;
  /** How layers are kept that come from now on, whatever the configuration says. */
  readonly snapshotter?: SnapshotForm | undefined;
  /** Where files describe CDI devices; by default where the specification has them. */
  readonly cdiDirectories?: readonly string[] | undefined;
  /** The policy for images; by default the one that the machine has, if any. */
  readonly policy?: string | undefined;
  /** The directory with the files about where GPG signatures lie; by default the one that the machine has, if any. */
  readonly registriesDirectory?: string | undefined;
  /** The configuration; by default the one that the machine has, if any. */
  readonly config?: string | undefined;
  readonly version: string;
  readonly logger: Logger;
  /** Where credentials are for clients that bring none. */
  readonly home: string;
};

/** An engine: what the doors call. */
export interface Engine {
  readonly containers: Containers;
  readonly execs: Execs;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  readonly secrets: DataService;
  readonly configs: ConfigService;
  readonly socketStore: SocketStore;
  readonly system: SystemFacts;
  readonly plans: Pick<Containers, "explain" | "planOf">;
  /** For containers that a door makes without the engine. */
  readonly networksAhead: NetworksAhead;
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
  // One that was killed at it leaves it.
  await rm(layout.workFile, { force: true });
  const parts = await openParts(options, layout, opened);
  const { context, database, images, programs } = parts;
  const containers = openContainers(context);
  opened.defer(() => containers.close());
  const execs = openExecs(context);
  // Before containers: what ended with one can be read until its directory goes.
  await execs.recover();
  await containers.recover();
  await context.networks.recover((id) => usesNetworks.has(context.store.get(id)?.state.status ?? ""));
  opened.use(openHealthChecks(context, containers.endUnhealthy)).recover();
  const stop = new AbortController();
  const disk = opened.use(
    openDiskKeeper({
      port: enginePort({ context, images, uses: parts.imageUses, containers, signal: stop.signal }),
      readSettings: async () => (await readConfig(options.config)).disk,
      events: context.events,
      logger: options.logger,
      signal: stop.signal,
    }),
  );
  opened.defer(() => stop.abort());
  const system = systemFacts(context, {
    version: options.version,
    id: await directoryId(layout.data),
    snapshotter: () => images.snapshotter(),
    countImages: async () => (await images.list()).length,
    measureLayers: async () => layerUsage(await images.list()),
    diskWarnings: disk.warnings,
  });
  database.keepRoom();
  await takeReserve(reserve);
  disk.soon();
  await rm(layout.workFile, { force: true });
  const kept = opened.move();
  return {
    containers,
    execs,
    networks: openNetworkService(context, containers),
    volumes: openVolumeService(context),
    secrets: openSecretService(context),
    configs: openConfigService(context),
    socketStore: openSockets(database),
    networksAhead: context.networksAhead,
    images: openImageService({
      images,
      store: context.store,
      events: context.events,
      containers,
      trees: helperTrees(context.helper),
      settled: context.background.settled,
      places: () => imagePlaces({ context, images, uses: parts.imageUses, config: options.config }),
      embedded: async () => [await helloImage(programs.hello)],
    }),
    system,
    plans: containers,
    close: () => kept.disposeAsync(),
  };
}

/** States in which a container has its place in networks; a restart policy may be starting it by now. */
const usesNetworks: ReadonlySet<string> = new Set(["starting", "running", "paused"]);

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
