import { TugError } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { type AttachedStreams, attachStreams } from "./attached-streams.ts";
import { readJsonLines } from "./json-lines.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { waitFor } from "./wait.ts";

/** Every call can be aborted, and every stream: they then throw CLIENT_CANCELED. What the engine has begun goes on. */
export type CallOptions = {
  /** Aborts the call. */
  readonly signal?: AbortSignal | undefined;
};

/** How a container is made, beside what it is made of. */
export type CreateOptions = CallOptions & {
  /** Left out: one is made up. */
  readonly name?: string | undefined;
  /** Of the image: `linux/arm64`. Left out: the machine's. */
  readonly platform?: string | undefined;
};

/** Which containers are listed, and how. */
export type ListContainersOptions = CallOptions & {
  /** Those that do not run too. */
  readonly all?: boolean;
  /** At most so many, the newest, running or not. */
  readonly limit?: number | undefined;
  /** With the bytes that they take, which takes long. */
  readonly size?: boolean;
  /** As those of `tug ps`: `new Map([["label", ["app=web"]]])`. */
  readonly filters?: dockerApi.Filters;
};

/** What a container begins with. */
export type StartOptions = CallOptions & {
  /** Name of a checkpoint that its processes go on from. Left out: its program is executed. */
  readonly checkpoint?: string | undefined;
  /** Absolute path of the directory on the engine's machine that it is in. Left out: the container's own. */
  readonly checkpointDirectory?: string | undefined;
};

/** How a container is brought to its end. */
export type StopOptions = CallOptions & {
  /** What is sent first: `SIGINT`. Left out: what the container or its image says, else SIGTERM. */
  readonly signalName?: string | undefined;
  /** Seconds until SIGKILL; -1 waits for ever. Left out: what the container says, else 10. */
  readonly timeoutSeconds?: number | undefined;
};

/** Which of a container's streams are wanted. Aborting lets go of them; the container goes on. */
export type AttachOptions = CallOptions & {
  /** Left out: not. The container must have been made with `OpenStdin`. */
  readonly stdin?: boolean;
  /** Left out: wanted. */
  readonly stdout?: boolean;
  /** Left out: wanted. */
  readonly stderr?: boolean;
  /** What was written before comes first. */
  readonly logs?: boolean;
  /** Keys in the input that let go of a container with a terminal: `ctrl-p,ctrl-q`. */
  readonly detachKeys?: string | undefined;
};

/** Which part of a log is read. */
export type LogsOptions = CallOptions & {
  /** Go on with what comes until the container ends. */
  readonly follow?: boolean;
  /** Left out: wanted. */
  readonly stdout?: boolean;
  /** Left out: wanted. */
  readonly stderr?: boolean;
  /** Each line begins with the time it was written at, RFC 3339 with nanoseconds. */
  readonly timestamps?: boolean;
  /** Seconds since 1970, with decimals. */
  readonly since?: string | undefined;
  /** Like `since`. */
  readonly until?: string | undefined;
  /** Number of last lines, or "all". */
  readonly tail?: string | undefined;
};

/** How often a container is looked at. */
export type StatsOptions = CallOptions & {
  /** Left out: on and on. */
  readonly stream?: boolean;
  /** Do not wait for the second look that `precpu_stats` needs. */
  readonly oneShot?: boolean;
};

/** A waiter that the engine has registered: from now on no end is missed. */
export type Waiting = {
  /** Resolves with the exit code when what was waited for has come. */
  readonly ended: Promise<dockerApi.WaitResponse>;
};

/** Calls about containers. `container` is an id, a name or an unambiguous beginning of an id. */
export type ContainerCalls = {
  /** Makes a container of an image that is here; `notFound` when it is not. Nothing runs yet. */
  create(body: dockerApi.CreateBody, options?: CreateOptions): Promise<dockerApi.ContainerCreated>;
  /** Those that run, the newest first. */
  list(options?: ListContainersOptions): Promise<dockerApi.ContainerSummary[]>;
  /** Everything about one: configuration and state. */
  inspect(
    container: string,
    options?: CallOptions & { readonly size?: boolean },
  ): Promise<dockerApi.ContainerInspect>;
  /** Resolves when its program has been executed, or goes on; to false when it runs already. */
  start(container: string, options?: StartOptions): Promise<boolean>;
  /** Resolves when it has ended; to false when it does not run. */
  stop(container: string, options?: StopOptions): Promise<boolean>;
  /** Stops it if it runs, and starts it. */
  restart(container: string, options?: StopOptions): Promise<void>;
  /** Sends a signal to its first process; left out: SIGKILL. */
  kill(container: string, signalName?: string, options?: CallOptions): Promise<void>;
  /** Freezes all of its processes. */
  pause(container: string, options?: CallOptions): Promise<void>;
  /** Lets frozen processes go on. */
  unpause(container: string, options?: CallOptions): Promise<void>;
  /** Changes limits or the restart policy, running or not. */
  update(
    container: string,
    body: dockerApi.UpdateBody,
    options?: CallOptions,
  ): Promise<dockerApi.ContainerUpdated>;
  /** Gives it another name. */
  rename(container: string, name: string, options?: CallOptions): Promise<void>;
  /** Removes it; one that runs only with `force`, which kills it. With `volumes` those without a name go too. */
  remove(
    container: string,
    options?: CallOptions & { readonly force?: boolean; readonly volumes?: boolean },
  ): Promise<void>;
  /** Removes containers that do not run; their volumes stay. */
  prune(
    options?: CallOptions & { readonly filters?: dockerApi.Filters },
  ): Promise<dockerApi.ContainersPruned>;
  /** Changes the size of its terminal, in characters. */
  resize(
    container: string,
    size: { readonly height: number; readonly width: number },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Has the engine watch for its end, and resolves when it does: what starts the container may come after that.
   * Goes on waiting when the engine ends and another one takes its place.
   */
  wait(container: string, condition?: dockerApi.WaitCondition, options?: CallOptions): Promise<Waiting>;
  /** Its streams from now on. Attach before you start it to miss nothing. */
  attach(container: string, options?: AttachOptions): Promise<AttachedStreams>;
  /** What it has written, in the order it was written. */
  logs(container: string, options?: LogsOptions): AsyncIterable<dockerApi.OutputChunk>;
  /** How its files differ from those of its image, by path. */
  changes(container: string, options?: CallOptions): Promise<dockerApi.FilesystemChange[]>;
  /**
   * Its processes.
   *
   * @param psOptions of ps(1), such as `aux`; left out: -ef
   */
  top(container: string, psOptions?: string, options?: CallOptions): Promise<dockerApi.ContainerTop>;
  /** Why it is as it is: how its last run ended, the log's end, what differs from the last good run. */
  why(container: string, options?: CallOptions): Promise<dockerApi.ContainerWhy>;
  /** What it uses: every second until it is removed, or with `stream` false once. */
  stats(container: string, options?: StatsOptions): AsyncIterable<dockerApi.StatsResponse>;
  /** The root filesystem as a tar archive. */
  export(container: string, options?: CallOptions): AsyncIterable<Uint8Array>;
};

export function createContainerCalls(transport: Transport): ContainerCalls {
  type Extra = Pick<ApiRequest, "signal" | "repeatable">;
  const post = (
    container: string,
    verb: string,
    query: Record<string, string | number | undefined>,
    extra: Extra = {},
  ) => transport.sendForNothing({ method: "POST", path: `${pathOf(container)}/${verb}`, query, ...extra });
  return {
    create: (json, { name, platform, signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: "/containers/create",
        query: { name, platform },
        json,
        signal,
      }),
    list: ({ all, limit, size, filters, signal } = {}) => {
      const query = { all, limit, size, filters: dockerApi.formatFilters(filters ?? new Map()) };
      return transport.sendForJson({ method: "GET", path: "/containers/json", query, signal });
    },
    inspect: (container, { size, signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `${pathOf(container)}/json`, query: { size }, signal }),
    start(container, { checkpoint, checkpointDirectory, signal } = {}) {
      const query = { checkpoint, "checkpoint-dir": checkpointDirectory };
      return changed(post(container, "start", query, { signal }));
    },
    stop: (container, options = {}) =>
      changed(post(container, "stop", stopQuery(options), { signal: options.signal, repeatable: true })),
    restart: (container, options = {}) =>
      post(container, "restart", stopQuery(options), { signal: options.signal }),
    kill: (container, signalName, { signal } = {}) =>
      post(container, "kill", { signal: signalName }, { signal }),
    pause: (container, { signal } = {}) => post(container, "pause", {}, { signal }),
    unpause: (container, { signal } = {}) => post(container, "unpause", {}, { signal }),
    update: (container, json, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: `${pathOf(container)}/update`, json, signal }),
    rename: (container, name, { signal } = {}) => post(container, "rename", { name }, { signal }),
    remove: (container, { force, volumes, signal } = {}) =>
      transport.sendForNothing({
        method: "DELETE",
        path: pathOf(container),
        query: { force, v: volumes },
        signal,
      }),
    prune: ({ filters = new Map(), signal } = {}) => {
      const query = { filters: dockerApi.formatFilters(filters) };
      return transport.sendForJson({ method: "POST", path: "/containers/prune", query, signal });
    },
    resize: (container, { height, width }, { signal } = {}) =>
      post(container, "resize", { h: height, w: width }, { signal }),
    wait: (container, condition = "not-running", options = {}) =>
      waitFor(transport, { container, condition, options }),
    attach(container, options = {}) {
      const { stdin, stdout = true, stderr = true, logs, detachKeys, signal } = options;
      const query = { stream: true, stdin, stdout, stderr, logs, detachKeys };
      const path = `${pathOf(container)}/attach`;
      return attachStreams(transport, { method: "POST", path, query, signal });
    },
    logs: (container, options = {}) => readLogs(transport, container, options),
    changes: (container, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `${pathOf(container)}/changes`, signal }),
    top: (container, psOptions, { signal } = {}) =>
      transport.sendForJson({
        method: "GET",
        path: `${pathOf(container)}/top`,
        query: { ps_args: psOptions },
        signal,
      }),
    why: (container, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `/tug${pathOf(container)}/why`, signal }),
    async *stats(container, { stream = true, oneShot, signal } = {}) {
      const query = { stream: stream ? 1 : 0, "one-shot": oneShot };
      const path = `${pathOf(container)}/stats`;
      const response = await transport.send({ method: "GET", path, query, signal });
      yield* readJsonLines<dockerApi.StatsResponse>(response.bytes);
    },
    async *export(container, { signal } = {}) {
      yield* (await transport.send({ method: "GET", path: `${pathOf(container)}/export`, signal })).bytes;
    },
  };
}

/** The path of a container's resource. */
export function pathOf(container: string): string {
  return `/containers/${encodeURIComponent(container)}`;
}

function stopQuery({ signalName, timeoutSeconds }: StopOptions) {
  return { signal: signalName, t: timeoutSeconds };
}

/** Whether a call changed something: "not modified" is no failure. */
async function changed(call: Promise<void>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof TugError && error.kind === "notModified") return false;
    throw error;
  }
}

async function* readLogs(
  transport: Transport,
  container: string,
  { signal, stdout = true, stderr = true, ...query }: LogsOptions,
): AsyncGenerator<dockerApi.OutputChunk> {
  const path = `${pathOf(container)}/logs`;
  const asked = { stdout, stderr, merge: true, ...query };
  const response = await transport.send({ method: "GET", path, query: asked, signal });
  const framed = response.type === dockerApi.mediaTypes.multiplexedStream;
  const decode = dockerApi.createFrameDecoder();
  for await (const bytes of response.bytes) {
    if (framed) yield* decode(bytes);
    else yield { stream: "stdout", data: bytes };
  }
}
