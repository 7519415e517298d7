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
  /** Gives a volume that no container has another name. */
  rename(name: string, to: string, options?: CallOptions): Promise<dockerApi.Volume>;
  /** Makes a volume with a copy of another one's files. */
  clone(name: string, to: string, options?: CallOptions): Promise<dockerApi.Volume>;
  /** Its files as a tar archive. */
  export(name: string, options?: CallOptions): AsyncIterable<Uint8Array>;
  /** Unpacks a tar archive, compressed or not, into a volume; one that is not there is made. */
  import(name: string, archive: AsyncIterable<Uint8Array>, options?: CallOptions): Promise<dockerApi.Volume>;
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
    rename: (name, to, { signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: `/tug${pathOf(name)}/rename`,
        query: { name: to },
        signal,
      }),
    clone: (name, to, { signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: `/tug${pathOf(name)}/clone`,
        query: { name: to },
        signal,
      }),
    async *export(name, { signal } = {}) {
      yield* (await transport.send({ method: "GET", path: `/tug${pathOf(name)}/export`, signal })).bytes;
    },
    import: (name, upload, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: `/tug${pathOf(name)}/import`, upload, signal }),
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
