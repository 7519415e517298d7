import type { Images } from "../../images/index.ts";
import { type ContainerFiles, openContainerFiles } from "../archive/service.ts";
import { containerChanges } from "../changes/container-changes.ts";
import { listCheckpoints, removeCheckpoint } from "../checkpoints/files.ts";
import { checkCheckpointName, checkpointsOf } from "../checkpoints/place.ts";
import { commitContainer } from "../commit/commit.ts";
import type { EngineContext } from "../context.ts";
import type { CheckpointReference } from "../model/checkpoint.ts";
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
import { createContainer } from "./create.ts";
import { type Explained, explainContainer, explainRequest } from "./explain.ts";
import { exportContainer } from "./export.ts";
import { pauseContainer, unpauseContainer } from "./freeze.ts";
import { type Lifecycle, openLifecycle } from "./lifecycle.ts";
import { type ContainerEnd, liveContainers } from "./live.ts";
import { type LogQuery, readLogs } from "./logs.ts";
import { checkContainerName } from "./names.ts";
import { renameContainer } from "./rename.ts";
import { requireRunning } from "./stop.ts";
import { updateContainer } from "./update.ts";
import { viewContainer } from "./view.ts";
import { type WaitCondition, waitForContainer } from "./wait.ts";

/** What an engine does with containers. References are names, ids, or unambiguous beginnings of ids. */
export interface Containers extends Lifecycle {
  create(request: CreateContainerRequest, signal: AbortSignal): Promise<{ id: string; warnings: string[] }>;
  list(): Promise<Container[]>;
  get(reference: string): Promise<Container>;
  sizes(reference: string): Promise<{ writableBytes: number; rootfsBytes: number }>;
  pause(reference: string): Promise<void>;
  unpause(reference: string): Promise<void>;
  update(reference: string, update: UpdateRequest): Promise<void>;
  /** Makes an image of a container and returns its id. */
  commit(request: CommitRequest, images: Pick<Images, "commit">, signal: AbortSignal): Promise<string>;
  /** Connects a container to one more network. */
  joinNetwork(reference: string, wanted: EndpointRequest): Promise<void>;
  /** Takes a container from a network. */
  leaveNetwork(reference: string, network: string): Promise<void>;
  /** Names of a container's checkpoints; of those in a directory of the host, whatever container they are of. */
  checkpoints(reference: string, directory: string | undefined): Promise<string[]>;
  removeCheckpoint(reference: string, checkpoint: CheckpointReference): Promise<void>;
  rename(reference: string, name: string): Promise<void>;
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
}

/** The containers of an engine. Changes of one container happen one after the other. */
export function openContainers(context: EngineContext): Containers {
  const live = liveContainers();
  const { store } = context;
  const { alone, ...lifecycle } = openLifecycle(context, live);
  return {
    ...lifecycle,
    create: (request) => createContainer(context, request, alone),
    list: async () => store.list().map((record) => viewContainer(context, record)),
    get: async (reference) => viewContainer(context, store.find(reference)),
    async sizes(reference) {
      const { id, image } = store.find(reference);
      const { writableBytes } = await context.images.sizes(id);
      return { writableBytes, rootfsBytes: writableBytes + image.size };
    },
    async pause(reference) {
      const { id } = store.find(reference);
      await alone(id).run(async () => pauseContainer(context, store.find(id)));
    },
    async unpause(reference) {
      const { id } = store.find(reference);
      await alone(id).run(async () => unpauseContainer(context, store.find(id)));
    },
    async update(reference, update) {
      const { id } = store.find(reference);
      await alone(id).run(async () => updateContainer(context, live, { record: store.find(id), update }));
    },
    async commit(request, images, signal) {
      const { id } = store.find(request.container);
      return alone(id).run(() => commitContainer(context, store.find(id), { images, request, signal }));
    },
    async joinNetwork(reference, wanted) {
      const { id } = store.find(reference);
      await alone(id).run(() => joinNetwork(context, store.find(id), wanted));
    },
    async leaveNetwork(reference, network) {
      const { id } = store.find(reference);
      await alone(id).run(() => leaveNetwork(context, store.find(id), network));
    },
    async checkpoints(reference, directory) {
      return listCheckpoints(checkpointsOf(context.layout, store.find(reference).id, directory));
    },
    async removeCheckpoint(reference, { name, directory }) {
      checkCheckpointName(name);
      const { id, name: container } = store.find(reference);
      const place = checkpointsOf(context.layout, id, directory);
      await alone(id).run(() => removeCheckpoint(place, { name, container }));
    },
    async rename(reference, name) {
      const { id } = store.find(reference);
      checkContainerName(name);
      await alone(id).run(async () => renameContainer(context, store.find(id), name.replace(/^\//, "")));
    },
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
    files: openContainerFiles(context, alone, (id) => live.get(id).settled),
    top: async (reference, psOptions) => listProcesses(context, store.find(reference), psOptions),
    async stats(reference, query, signal) {
      return streamStats(context, store.find(reference), { query, signal });
    },
    explain: (request) => explainRequest(context, request),
    why: async (reference) => explainState(context, store.find(reference)),
    planOf: async (reference) => explainContainer(context, store.find(reference)),
  };
}
