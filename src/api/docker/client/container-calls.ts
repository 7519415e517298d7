import { TugError } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import { type AttachedStreams, createAttachedStreams } from "./attached-streams.ts";
import { readJsonLines } from "./json-lines.ts";
import type { ApiRequest, Transport } from "./transport.ts";
import { waitFor } from "./wait.ts";

/** Every call can be aborted. */
export type CallOptions = { readonly signal?: AbortSignal | undefined };

export type CreateOptions = CallOptions & {
  readonly name?: string | undefined;
  readonly platform?: string | undefined;
};

export type ListContainersOptions = CallOptions & {
  readonly all?: boolean;
  readonly limit?: number | undefined;
  readonly size?: boolean;
  readonly filters?: dockerApi.Filters;
};

export type StopOptions = CallOptions & {
  readonly signalName?: string | undefined;
  readonly timeoutSeconds?: number | undefined;
};

export type AttachOptions = CallOptions & {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly logs?: boolean;
  readonly detachKeys?: string | undefined;
};

export type LogsOptions = CallOptions & {
  readonly follow?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly timestamps?: boolean;
  /** Seconds since 1970, with decimals. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Number of last lines, or "all". */
  readonly tail?: string | undefined;
};

export type StatsOptions = CallOptions & {
  readonly stream?: boolean;
  /** Do not wait for the second look that `precpu_stats` needs. */
  readonly oneShot?: boolean;
};

/** A waiter that the engine has registered: from now on no end is missed. */
export type Waiting = { readonly ended: Promise<dockerApi.WaitResponse> };

/** Calls about containers. `container` is an id, a name or an unambiguous beginning of an id. */
export type ContainerCalls = {
  create(body: dockerApi.CreateBody, options?: CreateOptions): Promise<dockerApi.ContainerCreated>;
  list(options?: ListContainersOptions): Promise<dockerApi.ContainerSummary[]>;
  inspect(
    container: string,
    options?: CallOptions & { readonly size?: boolean },
  ): Promise<dockerApi.ContainerInspect>;
  /** Resolves to false when it runs already. */
  start(container: string, options?: CallOptions): Promise<boolean>;
  /** Resolves to false when it does not run. */
  stop(container: string, options?: StopOptions): Promise<boolean>;
  restart(container: string, options?: StopOptions): Promise<void>;
  kill(container: string, signalName?: string, options?: CallOptions): Promise<void>;
  pause(container: string, options?: CallOptions): Promise<void>;
  unpause(container: string, options?: CallOptions): Promise<void>;
  update(
    container: string,
    body: dockerApi.UpdateBody,
    options?: CallOptions,
  ): Promise<dockerApi.ContainerUpdated>;
  rename(container: string, name: string, options?: CallOptions): Promise<void>;
  remove(
    container: string,
    options?: CallOptions & { readonly force?: boolean; readonly volumes?: boolean },
  ): Promise<void>;
  /** Removes containers that do not run; their volumes stay. */
  prune(
    options?: CallOptions & { readonly filters?: dockerApi.Filters },
  ): Promise<dockerApi.ContainersPruned>;
  resize(
    container: string,
    size: { readonly height: number; readonly width: number },
    options?: CallOptions,
  ): Promise<void>;
  /** Goes on waiting when the engine ends and another one takes its place. */
  wait(container: string, condition?: dockerApi.WaitCondition, options?: CallOptions): Promise<Waiting>;
  attach(container: string, options?: AttachOptions): Promise<AttachedStreams>;
  logs(container: string, options?: LogsOptions): AsyncIterable<dockerApi.OutputChunk>;
  /** How its files differ from those of its image, by path. */
  changes(container: string, options?: CallOptions): Promise<dockerApi.FilesystemChange[]>;
  /** @param psOptions of ps(1), such as `aux`; left out: -ef */
  top(container: string, psOptions?: string, options?: CallOptions): Promise<dockerApi.ContainerTop>;
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
    start: (container, { signal } = {}) => changed(post(container, "start", {}, { signal })),
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
    async attach(container, options = {}) {
      const { stdin, stdout = true, stderr = true, logs, detachKeys, signal } = options;
      const query = { stream: true, stdin, stdout, stderr, logs, detachKeys };
      const path = `${pathOf(container)}/attach`;
      return createAttachedStreams(await transport.hijack({ method: "POST", path, query, signal }));
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
