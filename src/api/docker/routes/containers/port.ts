import type {
  CheckpointReference,
  CheckpointRequest,
  Container,
  ContainerStats,
  CreateContainerRequest,
  FileChange,
  Timestamp,
  UpdateRequest,
  Why,
} from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";
import type { ArchivePort } from "../archive/port.ts";

/**
 * What the container routes need of the engine.
 *
 * `reference` is a full id, a name, or an unambiguous beginning of an id, in that order.
 *
 * Errors are TugErrors; the door maps `kind` to a status. Some carry details, from which the door makes the words that
 * Docker's clients look for (../wording.ts):
 *
 * | situation | kind | details |
 * | --- | --- | --- |
 * | no such container | notFound | `container`: the reference |
 * | no such image | notFound | `image`: the reference |
 * | the name is taken | conflict | `containerName`, `usedBy`: id of the holder |
 * | the command cannot be executed | invalid | `exitCode`: 126 or 127, `reason`: the errno's text or "executable file not found in $PATH" |
 */
export interface ContainersPort {
  /** Makes a container that does not run. Does not pull: a missing image is an error. */
  create(request: CreateContainerRequest, signal: AbortSignal): Promise<Created>;
  /** Every container that the Docker door may show, newest first. */
  list(): Promise<readonly Container[]>;
  get(reference: string): Promise<Container>;
  /** Size on disk: written by the container, and of its whole root filesystem. */
  sizes(reference: string): Promise<{ readonly writableBytes: number; readonly rootfsBytes: number }>;
  /**
   * Resolves when the command has been executed. `notModified` when it runs already. A container with autoRemove that
   * cannot be started is removed, and who waits for that is told.
   *
   * @param checkpoint what it goes on from instead of executing its command; `notFound` when it has no such one
   */
  start(reference: string, signal: AbortSignal, checkpoint?: CheckpointReference): Promise<void>;
  /** Keeps what its processes are. `conflict` unless it runs, and when the name is taken. Resolves when it has ended, if it is to. */
  checkpoint(reference: string, request: CheckpointRequest): Promise<void>;
  /** @param directory of the host; undefined: its own */
  checkpoints(reference: string, directory: string | undefined): Promise<readonly string[]>;
  removeCheckpoint(reference: string, checkpoint: CheckpointReference): Promise<void>;
  /** Resolves when the container has ended. `notModified` when it does not run. */
  stop(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  restart(reference: string, options: StopOptions, signal: AbortSignal): Promise<void>;
  /** @param signalName as the client wrote it: KILL, SIGKILL, 9; undefined is SIGKILL. `conflict` unless it runs */
  kill(reference: string, signalName: string | undefined): Promise<void>;
  pause(reference: string): Promise<void>;
  unpause(reference: string): Promise<void>;
  /** Changes limits and restart policy, also of a running container. */
  update(reference: string, update: UpdateRequest): Promise<void>;
  rename(reference: string, name: string): Promise<void>;
  /** `conflict` when it runs and `force` is not set. */
  remove(reference: string, options: RemoveOptions): Promise<void>;
  /** Removes containers that do not run; their volumes stay. */
  prune(fits: (container: Container) => boolean): Promise<Pruned>;
  /** Size of its terminal, in characters. */
  resize(reference: string, size: { readonly height: number; readonly width: number }): Promise<void>;
  /**
   * Registers a waiter: when the outer promise is resolved, no later end can be missed. The inner one is resolved when
   * the condition holds and rejected only when it never will.
   */
  wait(reference: string, condition: dockerApi.WaitCondition, signal: AbortSignal): Promise<Waiting>;
  /** Connects to the standard streams; a container that does not run yet can be attached to. */
  attach(reference: string, options: AttachOptions, signal: AbortSignal): Promise<Attachment>;
  logs(reference: string, options: LogOptions, signal: AbortSignal): Promise<Logs>;
  /**
   * Its processes as ps shows them. `conflict` unless it runs.
   *
   * @param psOptions words of the command line of ps
   */
  top(reference: string, psOptions: readonly string[]): Promise<ProcessTable>;
  /** What it uses: a stream every second until it is removed, else once. */
  stats(reference: string, query: StatsQuery, signal: AbortSignal): Promise<AsyncIterable<ContainerStats>>;
  /** How its files differ from those of its image, by path. */
  changes(reference: string): Promise<readonly FileChange[]>;
  /** Why it is as it is. */
  why(reference: string): Promise<Why>;
  /** Single files and directories. */
  readonly files: ArchivePort;
  /** The root filesystem as a tar archive. */
  export(reference: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export type Created = { readonly id: string; readonly warnings: readonly string[] };

/** A title per column and a row per process. */
export type ProcessTable = {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
};

/** `oneShot`: without what was used a second before, for which a client would have to wait. */
export type StatsQuery = { readonly stream: boolean; readonly oneShot: boolean };

/** Left out: what the container was created with, or the engine's default. -1 seconds wait for ever. */
export type StopOptions = {
  readonly signalName?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
};

/** Ids, and the bytes that the containers themselves had written. */
export type Pruned = { readonly removed: readonly string[]; readonly freedBytes: number };

export type RemoveOptions = { readonly force: boolean; readonly volumes: boolean };

export type Waiting = {
  readonly ended: Promise<{ readonly exitCode: number; readonly error?: string | undefined }>;
};

export type AttachOptions = {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Begin with what has been logged so far. */
  readonly logs: boolean;
  /** Go on with what comes; without it the output ends after the logs. */
  readonly stream: boolean;
};

/** A connection to a container's standard streams. */
export interface Attachment {
  /** A terminal has one output, "stdout". */
  readonly tty: boolean;
  /** In the order it was written; ends when the container's output does. Reading slowly must not block the container. */
  readonly output: AsyncIterable<dockerApi.OutputChunk>;
  /** Resolves when the bytes have been taken over; rejected when nobody reads stdin any more. */
  write(data: Uint8Array): Promise<void>;
  /** The client's end of input: ends the container's stdin if it was created with stdinOnce. Resolves when all before it is out. */
  closeStdin(): Promise<void>;
  /** The client has typed the detach keys; `close` follows. */
  detach(): void;
  /** Lets go without a trace in the container. May be called twice. */
  close(): Promise<void>;
}

export type LogOptions = {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: Timestamp | undefined;
  readonly until?: Timestamp | undefined;
  /** Number of last lines; left out: all. */
  readonly tail?: number | undefined;
  /** Each line begins with the moment it was written at. */
  readonly timestamps: boolean;
  /** Lines of one output that follow each other may share a frame. */
  readonly merge: boolean;
};

/** Frames as of attach, or with a terminal the bytes as they were written. */
export type Logs = { readonly tty: boolean; readonly bytes: AsyncIterable<Uint8Array> };
