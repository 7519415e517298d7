import { createKeyedMutex, type Mutex, TugError } from "../../base/index.ts";
import type { Images } from "../../images/index.ts";
import { type ContainerFiles, openContainerFiles } from "../archive/service.ts";
import { containerChanges } from "../changes/container-changes.ts";
import { commitContainer } from "../commit/commit.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { ContainerStats } from "../model/container-stats.ts";
import type { Container } from "../model/container-view.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { FileChange } from "../model/file-change.ts";
import type { CommitRequest } from "../model/image-view.ts";
import type { UpdateRequest } from "../model/update-request.ts";
import type { Why } from "../model/why-view.ts";
import type { EndpointRequest } from "../networks/connect.ts";
import { joinNetwork, leaveNetwork } from "../networks/join.ts";
import { listProcesses, type ProcessList } from "../processes/top.ts";
import { type StatsQuery, streamStats } from "../stats/container-stats.ts";
import { explainState } from "../why/why.ts";
import { type AttachStreams, attachContainer, type ContainerAttachment } from "./attach.ts";
import { attachToLog } from "./attach-log.ts";
import { isMeantToEnd, keepOverEnd, takeFromPolicy } from "./by-hand.ts";
import { createContainer } from "./create.ts";
import { publishContainer } from "./events.ts";
import { type Explained, explainContainer, explainRequest } from "./explain.ts";
import { exportContainer } from "./export.ts";
import { finishContainer } from "./finish.ts";
import { pauseContainer, unpauseContainer } from "./freeze.ts";
import { killContainer } from "./kill.ts";
import { type ContainerEnd, liveContainers } from "./live.ts";
import { type LogQuery, readLogs } from "./logs.ts";
import { checkContainerName } from "./names.ts";
import { childrenOf, parentOf } from "./parent.ts";
import { type ContainersPruned, pruneContainers } from "./prune.ts";
import type { ContainerRecord } from "./record.ts";
import { type Finish, recoverContainers } from "./recover.ts";
import { removeRecord } from "./remove.ts";
import { restartByPolicy, scheduleRestart } from "./restart.ts";
import { createRestarts, type Restarts } from "./restarts.ts";
import { startContainer } from "./start.ts";
import { isRunning, publishStop, type StopOptions, sendSignal, stopContainer } from "./stop.ts";
import { updateContainer } from "./update.ts";
import { viewContainer } from "./view.ts";
import { type WaitCondition, waitForContainer } from "./wait.ts";

/** What an engine does with containers. References are names, ids, or unambiguous beginnings of ids. */
export interface Containers {
  create(request: CreateContainerRequest, signal: AbortSignal): Promise<{ id: string; warnings: string[] }>;
  list(): Promise<Container[]>;
  get(reference: string): Promise<Container>;
  sizes(reference: string): Promise<{ writableBytes: number; rootfsBytes: number }>;
  start(reference: string, signal: AbortSignal): Promise<void>;
  stop(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  restart(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  kill(reference: string, signalName: string | undefined): Promise<void>;
  pause(reference: string): Promise<void>;
  unpause(reference: string): Promise<void>;
  update(reference: string, update: UpdateRequest): Promise<void>;
  /** Makes an image of a container and returns its id. */
  commit(request: CommitRequest, images: Pick<Images, "commit">, signal: AbortSignal): Promise<string>;
  /** Connects a container to one more network. */
  joinNetwork(reference: string, wanted: EndpointRequest): Promise<void>;
  /** Takes a container from a network. */
  leaveNetwork(reference: string, network: string): Promise<void>;
  /** Restarts a container, stops it, or kills it and leaves the rest to its restart policy. */
  endUnhealthy(reference: string, action: "restart" | "stop" | "kill"): Promise<void>;
  rename(reference: string, name: string): Promise<void>;
  remove(reference: string, options: { force: boolean; volumes: boolean }): Promise<void>;
  /** Removes containers that do not run; their volumes stay. */
  prune(fits: (container: Container) => boolean): Promise<ContainersPruned>;
  resize(reference: string, size: { height: number; width: number }): Promise<void>;
  wait(
    reference: string,
    condition: WaitCondition,
    signal: AbortSignal,
  ): Promise<{ ended: Promise<ContainerEnd> }>;
  attach(
    reference: string,
    options: AttachStreams & { logs: boolean; stream: boolean },
    signal: AbortSignal,
  ): Promise<ContainerAttachment>;
  logs(
    reference: string,
    options: LogQuery,
    signal: AbortSignal,
  ): Promise<{ tty: boolean; bytes: AsyncIterable<Uint8Array> }>;
  export(reference: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** How a container's files differ from those of its image, by path. */
  changes(reference: string): Promise<FileChange[]>;
  /** Single files and directories of containers. */
  readonly files: ContainerFiles;
  /** @param psOptions words of ps(1)'s command line */
  top(reference: string, psOptions: readonly string[]): Promise<ProcessList>;
  stats(reference: string, query: StatsQuery, signal: AbortSignal): Promise<AsyncIterable<ContainerStats>>;
  explain(request: CreateContainerRequest): Promise<Explained>;
  planOf(reference: string): Promise<Explained>;
  /** Why a container is as it is. */
  why(reference: string): Promise<Why>;
  /** Takes up what an engine before this one left. */
  recover(): Promise<void>;
  /** Starts nothing any more. */
  close(): void;
}

/** The containers of an engine. Changes of one container happen one after the other. */
export function openContainers(context: EngineContext): Containers {
  const live = liveContainers();
  const mutex = createKeyedMutex();
  const { store } = context;
  const of = (id: string): Mutex => ({ run: (work) => mutex.run(id, work) });
  const restarts: Restarts = createRestarts(
    (id) =>
      restartByPolicy(context, live, id, { restarts, mutex: of(id), finish: (ending) => finish(id, ending) }),
    context.layout.wantedFile,
  );
  const finish: Finish = async (id, ending) => {
    await mutex.run(id, async () => {
      await finishContainer(context, live, id, ending);
      const record = store.get(id);
      if (record !== undefined) scheduleRestart(record, record.state, restarts);
    });
    if (childrenOf(store, id).length > 0) void context.background.run(() => endInside(id));
  };
  const start = (id: string): Promise<void> =>
    mutex.run(id, async () => {
      restarts.cancel(id);
      const record = store.find(id);
      const parent = parentOf(record);
      const work = () =>
        startContainer(context, live, {
          record,
          byPolicy: false,
          finish: (ending) => finish(id, ending),
        });
      // What it lies in does not end meanwhile.
      await (parent === undefined ? work() : mutex.run(parent, work));
    });
  const takeOver = (id: string): Promise<boolean> =>
    mutex.run(id, async () => takeFromPolicy(context, live, { id, restarts }));
  // A frozen program does not see a signal.
  const letEnd = (id: string): Promise<void> =>
    mutex.run(id, async () => {
      const record = store.get(id);
      if (record?.state.status === "paused") await unpauseContainer(context, record);
    });
  const stop = async (reference: string, options: StopOptions, signal: AbortSignal): Promise<void> => {
    const { id } = store.find(reference);
    if (await takeOver(id)) return publishStop(context, store.find(id));
    await stopContainer(context, live, {
      record: store.find(id),
      options,
      letEnd: () => letEnd(id),
      signal,
    });
  };
  const restart = async (reference: string, options: StopOptions, signal: AbortSignal): Promise<void> => {
    const record = store.find(reference);
    if (isRunning(record) || record.state.status === "restarting") {
      await keepOverEnd(context, record.id, () => stop(record.id, options, signal));
    }
    await start(record.id);
    publishContainer(context, record, "restart");
  };

  const remove: Containers["remove"] = async (reference, { force, volumes }) => {
    const found = store.find(reference);
    if (!force) requireEnded(found);
    await takeOver(found.id);
    const record = store.find(found.id);
    if (isRunning(record)) {
      const ended = waitForContainer(live, record, {
        condition: "next-exit",
        signal: new AbortController().signal,
      });
      await sendSignal(context, live, record, "SIGKILL");
      await letEnd(record.id);
      await ended;
    }
    await mutex.run(record.id, async () => {
      const current = store.get(record.id);
      if (current !== undefined) await removeRecord(context, live, current, volumes);
    });
    for (const child of childrenOf(store, record.id)) {
      await remove(child.id, { force: true, volumes }).catch((error: unknown) => {
        // Its own end, or that of what it lies in, may have removed it meanwhile.
        if (!(error instanceof TugError && error.kind === "notFound")) throw error;
      });
    }
  };
  // Somebody may have started it again, after what it lies in.
  const isSameRun = (record: ContainerRecord): boolean =>
    isRunning(record) && store.get(record.id)?.state.pid === record.state.pid;
  /** What lies in a container that has ended has lost its control group: it ends now, and goes with it. */
  const endInside = async (id: string): Promise<void> => {
    const status = store.get(id)?.state.status;
    const goes = status === undefined || status === "removing";
    for (const child of childrenOf(store, id)) {
      try {
        if (goes) await remove(child.id, { force: true, volumes: true });
        else if (isSameRun(child)) await sendSignal(context, live, child, "SIGKILL");
      } catch (error) {
        // Somebody else has ended or removed it meanwhile.
        context.logger.log("info", "container.inside", { container: child.id, error: String(error) });
      }
    }
  };

  return {
    create: (request) => createContainer(context, request),
    list: async () => store.list().map((record) => viewContainer(context, record)),
    get: async (reference) => viewContainer(context, store.find(reference)),
    async sizes(reference) {
      const { id, image } = store.find(reference);
      const { writableBytes } = await context.images.sizes(id);
      return { writableBytes, rootfsBytes: writableBytes + image.size };
    },
    start: async (reference) => start(store.find(reference).id),
    stop,
    restart,
    async kill(reference, signalName) {
      const record = store.find(reference);
      const name = signalName ?? "SIGKILL";
      if (isMeantToEnd(record, name) && (await takeOver(record.id))) return;
      requireRunning(store.find(record.id));
      await killContainer(context, live, { record, name, letEnd: () => letEnd(record.id) });
    },
    async pause(reference) {
      const { id } = store.find(reference);
      await mutex.run(id, async () => pauseContainer(context, store.find(id)));
    },
    async unpause(reference) {
      const { id } = store.find(reference);
      await mutex.run(id, async () => unpauseContainer(context, store.find(id)));
    },
    async update(reference, update) {
      const { id } = store.find(reference);
      await mutex.run(id, async () => updateContainer(context, live, { record: store.find(id), update }));
    },
    async commit(request, images, signal) {
      const { id } = store.find(request.container);
      return mutex.run(id, () => commitContainer(context, store.find(id), { images, request, signal }));
    },
    async joinNetwork(reference, wanted) {
      const { id } = store.find(reference);
      await mutex.run(id, () => joinNetwork(context, store.find(id), wanted));
    },
    async leaveNetwork(reference, network) {
      const { id } = store.find(reference);
      await mutex.run(id, () => leaveNetwork(context, store.find(id), network));
    },
    async endUnhealthy(reference, action) {
      const { signal } = new AbortController();
      if (action === "kill") await sendSignal(context, live, store.find(reference), "SIGKILL");
      else if (action === "stop") await stop(reference, {}, signal);
      else await restart(reference, {}, signal);
    },
    async rename(reference, name) {
      const record = store.find(reference);
      checkContainerName(name);
      if (name.replace(/^\//, "") === record.name) {
        throw engineError("REQUEST", `cannot rename container ${record.name}: that is its name already`);
      }
      store.rename(record.id, name.replace(/^\//, ""));
      publishContainer(context, store.find(record.id), "rename", { oldName: `/${record.name}` });
    },
    remove,
    prune: (fits) => pruneContainers(context, live, { mutexOf: of, fits }),
    async resize(reference, { height, width }) {
      const record = store.find(reference);
      requireRunning(record);
      await live.get(record.id).control?.resize(height, width);
    },
    async wait(reference, condition, signal) {
      const ended = waitForContainer(live, store.find(reference), { condition, signal });
      ended.catch(() => undefined);
      return { ended };
    },
    async attach(reference, streams, signal) {
      const attaching = { record: store.find(reference), streams, signal };
      if (streams.stream && !streams.logs) return attachContainer(context, live, attaching);
      return attachToLog(context, live, attaching);
    },
    async logs(reference, query, signal) {
      return readLogs(context, live, { record: store.find(reference), query, signal });
    },
    export: async (reference, signal) => exportContainer(context, store.find(reference), signal),
    changes: async (reference) => containerChanges(context, store.find(reference)),
    files: openContainerFiles(context, of),
    top: async (reference, psOptions) => listProcesses(context, store.find(reference), psOptions),
    async stats(reference, query, signal) {
      return streamStats(context, store.find(reference), { query, signal });
    },
    explain: (request) => explainRequest(context, request),
    why: async (reference) => explainState(context, store.find(reference)),
    planOf: async (reference) => explainContainer(context, store.find(reference)),
    async recover() {
      await recoverContainers(context, live, { finish, restarts, alone: mutex.run });
      restarts.renew();
    },
    close: () => restarts.close(),
  };
}

function requireEnded(record: ContainerRecord): void {
  const { status } = record.state;
  if (!isRunning(record) && status !== "restarting" && status !== "starting") return;
  throw engineError(
    "CONTAINER_RUNNING",
    `cannot remove container ${record.name}: container is ${status}: stop the container before removing or force remove`,
    { hint: "stop it, or use -f" },
  );
}

function requireRunning(record: ContainerRecord): void {
  if (isRunning(record)) return;
  throw engineError("CONTAINER_NOT_RUNNING", `container ${record.name} is not running`, {
    hint: `start it with: tug start ${record.name}`,
  });
}
