import { rm } from "node:fs/promises";
import { connect, type Server } from "node:net";
import { join } from "node:path";
import { createDockerDoor, createScopedDoor, type DockerPorts } from "../api/docker/index.ts";
import { type EnginePaths, enginePaths, type Logger, writeFileAtomic } from "../base/index.ts";
import { type DefaultNetwork, type EngineOptions, openEngine } from "../engine/index.ts";
import {
  createFrontServer,
  declinesTug,
  type FrontConnection,
  type FrontRequest,
  isRepeatableTug,
  rehearse,
  runTug,
  runTugOci,
} from "../front/index.ts";
import { readHostFacts } from "../host/index.ts";
import { createKnownPlans, explainConfig, ociVersion } from "../oci/index.ts";
import { countRequests, createActivity } from "./activity.ts";
import { serverError } from "./errors.ts";
import { giveBackAtRest } from "./give-back.ts";
import { installVersion } from "./install-version.ts";
import { listen } from "./listen.ts";
import { createScopedSockets, type SocketPolicy } from "./scoped-sockets.ts";
import { type EngineStart, writeStartFile } from "./start-file.ts";
import { warmUpAtRest } from "./warm-up.ts";
import { type PlaceWatch, watchPlaces } from "./watch-places.ts";

export type ServeOptions = {
  readonly paths: EnginePaths;
  /** Directory of the package, which holds dist/. */
  readonly packageDirectory: string;
  /** What containers are connected to where nobody says otherwise. */
  readonly defaultNetwork: DefaultNetwork;
  /** Where files describe CDI devices, in the place of where the specification has them. */
  readonly cdiDirectories?: readonly string[] | undefined;
  /** How layers are kept that come from now on, whatever the configuration says. */
  readonly snapshotter?: EngineOptions["snapshotter"];
  /** The policy for images, in the place of the one that the machine has. */
  readonly policy?: string | undefined;
  /** The directory with the files about where GPG signatures lie, in the place of the one that the machine has. */
  readonly registriesDirectory?: string | undefined;
  /** The configuration, in the place of the one that the machine has. */
  readonly config?: string | undefined;
  readonly version: string;
  /** Differs between any two builds. */
  readonly build: string;
  /** How this process was started; undefined where a service manager sees to it that an engine runs. */
  readonly start: EngineStart | undefined;
  /** A descriptor that listens already, instead of the socket of the API in the run directory. */
  readonly listening: number | undefined;
  readonly logger: Logger;
};

/** A resident process that serves. */
export type Serving = {
  /** Resolves when a client has asked the process to end, and has its answer. */
  readonly asked: Promise<void>;
  /** Lets go of everything; containers go on. */
  close(): Promise<void>;
};

/** How long clients may take for their last answers, in milliseconds. */
const LAST_ANSWERS = 1000;

/**
 * Opens the engine and its doors: Docker's API and the socket that `tug` and `tug-oci` on disk talk to. The data
 * directory's lock is taken before a socket is touched, so a second engine changes nothing.
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { paths, packageDirectory, version, build, logger } = options;
  const layout = enginePaths(paths);
  const { socket, frontSocket, pidFile, versions } = layout;
  const engine = await openEngine({
    paths,
    // A socket that was given listens although nobody serves it.
    isServed: async () => options.listening === undefined && isListening(socket),
    async findPrograms() {
      const place = await installVersion({ packageDirectory, versions, logger });
      const programs = join(place, "dist/helper");
      return { helper: join(programs, "tug-helper"), hello: join(programs, "hello") };
    },
    defaultNetwork: options.defaultNetwork,
    policy: options.policy,
    registriesDirectory: options.registriesDirectory,
    config: options.config,
    snapshotter: options.snapshotter,
    cdiDirectories: options.cdiDirectories,
    version,
    logger,
    home: "/root",
  });
  const program = join(packageDirectory, "dist/helper/tug-helper");
  const activity = createActivity();
  const asked = Promise.withResolvers<void>();
  let watch: PlaceWatch | undefined;
  const end = (): void => {
    if (options.start === undefined) {
      throw serverError("MANAGED", "cannot end the engine: a service manager runs it", {
        hint: "restart its service",
      });
    }
    if (activity.commands > 0) {
      throw serverError("BUSY", `cannot end the engine: ${activity.commands} commands are under way`);
    }
    watch?.stop();
    door.server.close();
    fronts.close();
    logger.log("info", "engine.asked");
    void Promise.race([activity.idle(), new Promise((late) => setTimeout(late, LAST_ANSWERS))])
      // Whoever asked starts the next one, of its own build.
      .then(() => rm(layout.wantedFile, { force: true }))
      .finally(() => asked.resolve());
  };
  const resident = { describe: () => ({ version, build, pid: process.pid }), end };
  const unnamedNetwork = options.defaultNetwork === "host" ? "none" : "default";
  const openScoped = (policy: SocketPolicy) => {
    const scoped = createScopedDoor(ports, { ...policy, unnamedNetwork }, { logger, version });
    countRequests(scoped.server, activity);
    return scoped;
  };
  const { socketStore: store } = engine;
  const sockets = createScopedSockets({
    directory: layout.scopedSockets,
    store,
    openDoor: openScoped,
    logger,
  });
  const ports: DockerPorts = { ...engine, process: resident, sockets };
  const door = createDockerDoor(ports, { logger, version });
  countRequests(door.server, activity);
  const session = { door: door.inner, socket, version, program, explainConfig };
  const knownPlans = createKnownPlans();
  const run = async (request: FrontRequest, connection: FrontConnection): Promise<number> => {
    const over = activity.begin("command");
    connection.gone.addEventListener("abort", over);
    return request.program === "tug"
      ? runTug(request, connection, session)
      : runTugOci(request, connection, {
          version: ociVersion(version),
          program,
          readFacts: () => readHostFacts(request.pid),
          uid: process.getuid?.() ?? 0,
          knownPlans,
          networksAhead: engine.networksAhead,
        });
  };
  const declines = (request: FrontRequest) => declinesTug(request, session);
  const fronts = createFrontServer({
    build,
    logger,
    isRepeatable: isRepeatableTug,
    isPlanned: ({ program }) => program === "tug-oci",
    declines,
    run,
  });
  await writeStartFile(layout, options.start);
  // First: whoever gets an answer finds them.
  await writeFileAtomic(pidFile, `${process.pid}\n`, 0o644);
  await sockets.open();
  if (options.listening === undefined) await listen(door.server, socket);
  else await listenAt(door.server, options.listening);
  await listen(fronts, frontSocket);
  const own = options.listening === undefined ? [socket] : [];
  watch = watchPlaces([layout.lock, frontSocket, ...own], (path) => endLost(path, logger));
  for (const server of [door.server, fronts]) server.on("connection", () => watch?.check());
  const stopGivingBack = giveBackAtRest(activity);
  const stopWarmUp = warmUpAtRest(activity, {
    rehearse: () => rehearse(["explain", "run", "--rm", "tug/hello"], session),
  });
  logger.log("info", "engine.ready", { socket, pid: process.pid });
  return {
    asked: asked.promise,
    async close() {
      watch?.stop();
      stopWarmUp();
      stopGivingBack();
      fronts.close();
      await Promise.all([sockets.close(), door.close()]);
      await engine.close();
    },
  };
}

/**
 * Nobody can reach this process any more, or what it knows is gone: it makes room for one that begins anew. It dies at
 * once, as it may at any time: an orderly end would remove sockets by their paths, where another engine may listen by now.
 */
function endLost(path: string, logger: Logger): void {
  const hint =
    "the next command starts another engine; containers that the other one does not know have to be ended by hand";
  logger.log("error", "engine.lost", { reason: `${path} has been removed while the engine ran`, hint });
  process.kill(process.pid, "SIGKILL");
}

async function isListening(path: string): Promise<boolean> {
  const probe = connect(path);
  return new Promise((resolve) => {
    probe.once("connect", () => resolve(true)).once("error", () => resolve(false));
  }).finally(() => probe.destroy()) as Promise<boolean>;
}

/** Serves a socket that listens already. */
async function listenAt(server: Server, fd: number): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once("error", fail);
    server.listen({ fd }, done);
  });
}
