import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** Which volumes are meant. */
export type ListVolumesOptions = CallOptions & {
  /** As those of `tug volume ls`: `new Map([["dangling", ["true"]]])`. */
  readonly filters?: dockerApi.Filters;
};

/** Calls about volumes. */
export type VolumeCalls = {
  /** All of them, or those that fit the filters, by name. */
  list(options?: ListVolumesOptions): Promise<dockerApi.VolumeList>;
  /** Where its files are, and its labels. */
  inspect(name: string, options?: CallOptions): Promise<dockerApi.Volume>;
  /** Makes a volume, or gives the one that is there. */
  create(body: dockerApi.VolumeCreateBody, options?: CallOptions): Promise<dockerApi.Volume>;
  /** Removes a volume that no container has, with its files. `force`: one that is missing is no error. */
  remove(name: string, options?: CallOptions & { readonly force?: boolean }): Promise<void>;
  /** Removes those that no container has; those with a name only if the filter `all` says so. */
  prune(options?: ListVolumesOptions): Promise<dockerApi.VolumesPruned>;
};

export function createVolumeCalls(transport: Transport): VolumeCalls {
  return {
    list: ({ filters = new Map(), signal } = {}) =>
      transport.sendForJson({
        method: "GET",
        path: "/volumes",
        query: { filters: dockerApi.formatFilters(filters) },
        signal,
      }),
    inspect: (name, { signal } = {}) => transport.sendForJson({ method: "GET", path: pathOf(name), signal }),
    create: (json, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: "/volumes/create", json, signal }),
    remove: (name, { force, signal } = {}) =>
      transport.sendForNothing({ method: "DELETE", path: pathOf(name), query: { force }, signal }),
    prune: ({ filters = new Map(), signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: "/volumes/prune",
        query: { filters: dockerApi.formatFilters(filters) },
        signal,
      }),
  };
}

function pathOf(name: string): string {
  return `/volumes/${encodeURIComponent(name)}`;
}
