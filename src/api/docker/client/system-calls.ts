import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions, CreateOptions } from "./container-calls.ts";
import { readJsonLines } from "./json-lines.ts";
import { readProgress } from "./progress.ts";
import type { Transport } from "./transport.ts";

/** Which events are told. */
export type EventsOptions = CallOptions & {
  /** Seconds since 1970, with decimals. */
  readonly since?: string | undefined;
  /** Like `since`; the stream ends there. */
  readonly until?: string | undefined;
  /** As those of `tug events`: `new Map([["type", ["container"]]])`. */
  readonly filters?: dockerApi.Filters;
};

/** Calls about the engine itself. */
export type SystemCalls = {
  /** Resolves when an engine answers. */
  ping(options?: CallOptions): Promise<void>;
  /** Versions of the engine, its API and the kernel. */
  version(options?: CallOptions): Promise<dockerApi.SystemVersion>;
  /** What there is on this machine, in numbers. */
  info(options?: CallOptions): Promise<dockerApi.SystemInfo>;
  /** What images, containers and volumes take on the disk. */
  diskUsage(options?: CallOptions): Promise<dockerApi.DiskUsage>;
  /**
   * Compares everything in the store with its digests and with what is on record: progress, and last a message with what
   * was found. With `repair` what can be put right is.
   */
  check(options?: CallOptions & { readonly repair?: boolean }): AsyncIterable<dockerApi.ProgressMessage>;
  /** Who keeps what on the disk, the largest first. */
  keepers(options?: CallOptions): Promise<dockerApi.SpaceKeeper[]>;
  /** What happens, as it happens, until `until` or the signal. */
  events(options?: EventsOptions): AsyncIterable<dockerApi.EventMessage>;
};

export function createSystemCalls(transport: Transport): SystemCalls {
  return {
    ping: ({ signal } = {}) => transport.sendForNothing({ method: "HEAD", path: "/_ping", signal }),
    version: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: "/version", signal }),
    info: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: "/info", signal }),
    diskUsage: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: "/system/df", signal }),
    check: ({ repair, signal } = {}) =>
      readProgress(transport, { method: "POST", path: "/tug/system/check", query: { repair }, signal }),
    keepers: ({ signal } = {}) =>
      transport.sendForJson({ method: "GET", path: "/tug/system/keepers", signal }),
    async *events({ since, until, filters, signal } = {}) {
      const query = { since, until, filters: dockerApi.formatFilters(filters ?? new Map()) };
      const response = await transport.send({ method: "GET", path: "/events", query, signal });
      yield* readJsonLines<dockerApi.EventMessage>(response.bytes);
    },
  };
}

/** Calls that Docker does not have. */
export type TugCalls = {
  /** What would be executed for a create body; nothing is made. */
  explain(body: dockerApi.CreateBody, options?: CreateOptions): Promise<dockerApi.ExplainedPlan>;
  /** What a container was, or will be, started with. */
  planOf(container: string, options?: CallOptions): Promise<dockerApi.ExplainedPlan>;
  /** Serves a registry as long as this is read: first that it listens, then each request. */
  serveRegistry(
    body: dockerApi.ServeRegistryBody,
    options?: CallOptions,
  ): AsyncIterable<dockerApi.RegistryMessage>;
  /** The process that serves. */
  engine(options?: CallOptions): Promise<dockerApi.EngineProcess>;
  /** Ends that process; containers go on. Rejects with a conflict while commands are under way. */
  endEngine(options?: CallOptions): Promise<void>;
};

export function createTugCalls(transport: Transport): TugCalls {
  return {
    explain: (json, { name, platform, signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: "/tug/explain",
        query: { name, platform },
        json,
        signal,
      }),
    planOf: (container, { signal } = {}) =>
      transport.sendForJson({
        method: "GET",
        path: `/tug/containers/${encodeURIComponent(container)}/plan`,
        signal,
      }),
    async *serveRegistry(json, { signal } = {}) {
      const path = "/tug/registry/serve";
      const response = await transport.send({ method: "POST", path, json, signal });
      yield* readJsonLines<dockerApi.RegistryMessage>(response.bytes);
    },
    engine: ({ signal } = {}) => transport.sendForJson({ method: "GET", path: "/tug/engine", signal }),
    endEngine: ({ signal } = {}) =>
      transport.sendForNothing({ method: "POST", path: "/tug/engine/end", signal }),
  };
}
