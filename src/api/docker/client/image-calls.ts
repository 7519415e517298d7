import * as dockerApi from "../../../specs/docker-api/index.ts";
import type { ExecutionConfig } from "../../../specs/oci-image/index.ts";
import type { CallOptions } from "./container-calls.ts";
import { readProgress } from "./progress.ts";
import { createRemoteImageCalls, type RemoteImageCalls } from "./remote-image-calls.ts";
import type { ApiRequest, Transport } from "./transport.ts";

/** Which image, and who asks for it. */
export type PullOptions = CallOptions & {
  /** `linux/arm64`. Left out: the machine's. */
  readonly platform?: string | undefined;
  /** Credentials for the registry: `{ username, password }` or a token. Left out: what the engine finds for itself. */
  readonly auth?: dockerApi.RegistryAuth | undefined;
};

/** An image that is made from an archive. */
export type ImportRequest = CallOptions & {
  /** An address that the engine fetches, or "-" for the upload. */
  readonly source: string;
  /** The archive, when `source` is "-". */
  readonly upload?: AsyncIterable<Uint8Array> | undefined;
  /** NAME[:TAG] that it gets. */
  readonly name?: string | undefined;
  /** For its history. */
  readonly message?: string | undefined;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  /** That the image is for. */
  readonly platform?: string | undefined;
};

export type CommitOptions = CallOptions & {
  /** Name with or without tag; left out: the image has none. */
  readonly name?: string | undefined;
  /** Kept in the configuration and the history. */
  readonly author?: string | undefined;
  /** Kept in the history. */
  readonly comment?: string | undefined;
  /** Freeze the container meanwhile, as by default. */
  readonly pause?: boolean | undefined;
  /** Instructions of a Dockerfile. */
  readonly changes?: readonly string[] | undefined;
  /** What of the container's configuration the image has otherwise. */
  readonly config?: ExecutionConfig | undefined;
};

/** Calls about images. `image` is a reference or an id. */
export type ImageCalls = {
  /** Images in registries, layouts and archives. */
  readonly remote: RemoteImageCalls;
  /** Those with a name, or with `all` every one; the newest first. */
  list(
    options?: CallOptions & { readonly all?: boolean; readonly filters?: dockerApi.Filters },
  ): Promise<dockerApi.ImageSummary[]>;
  /** Its configuration, digests and layers. */
  inspect(image: string, options?: CallOptions): Promise<dockerApi.ImageInspect>;
  /** The steps that it was made in, the last first. */
  history(image: string, options?: CallOptions): Promise<dockerApi.ImageHistoryEntry[]>;
  /** Gives it a further name, NAME[:TAG], which another image loses. */
  tag(image: string, target: string, options?: CallOptions): Promise<void>;
  /** Takes a name away, and with the last one the image. With `force` also from containers that do not run. */
  remove(
    image: string,
    options?: CallOptions & { readonly force?: boolean; readonly noPrune?: boolean },
  ): Promise<dockerApi.ImageDeleted[]>;
  /** Progress until the image is there; throws when it will not be. Nothing happens before it is iterated. */
  pull(
    image: string,
    options?: PullOptions & { readonly allPlatforms?: boolean },
  ): AsyncIterable<dockerApi.ProgressMessage>;
  /** Progress until the image is in its registry; throws when it will not be. Without a tag: `latest`, or all tags. */
  push(
    image: string,
    options?: PullOptions & { readonly allTags?: boolean },
  ): AsyncIterable<dockerApi.ProgressMessage>;
  /** All that a name stands for, down to the layers. */
  tree(image: string, options?: CallOptions): Promise<dockerApi.ImageTree>;
  /** What differs between the files of two images. */
  diff(before: string, after: string, options?: CallOptions): Promise<dockerApi.ImageDifference[]>;
  /** Removes images that no container uses; those without a name unless the filter `dangling` is false. */
  prune(options?: CallOptions & { readonly filters?: dockerApi.Filters }): Promise<dockerApi.ImagesPruned>;
  /** Makes an image from an archive of a root file system; the last status is its id. */
  import(request: ImportRequest): AsyncIterable<dockerApi.ProgressMessage>;
  /** Makes an image of a container, with what it has written as a layer. */
  commit(container: string, options?: CommitOptions): Promise<{ readonly Id: string }>;
  /** Makes an image of one layer with the files of another; `from` names the layers below that stay. */
  squash(
    image: string,
    options?: CallOptions & { readonly from?: string | undefined; readonly name?: string | undefined },
  ): Promise<{ readonly Id: string }>;
  /** Repositories of a registry, or of Docker Hub where the term begins with none: `registry.example/debian`. */
  search(
    term: string,
    options?: CallOptions & {
      /** At most so many, of 100; 25 if left out. */
      readonly limit?: number | undefined;
      readonly filters?: dockerApi.Filters | undefined;
      readonly auth?: dockerApi.RegistryAuth | undefined;
    },
  ): Promise<dockerApi.ImageSearchHit[]>;
  /** Tries credentials out on a registry. */
  logIn(auth: dockerApi.RegistryAuth, options?: CallOptions): Promise<dockerApi.AuthAnswer>;
  /** Takes in an archive; the last messages name what it held. */
  load(
    archive: AsyncIterable<Uint8Array>,
    options?: CallOptions & { readonly quiet?: boolean; readonly platform?: string | undefined },
  ): AsyncIterable<dockerApi.ProgressMessage>;
  /** One archive of several images. */
  save(
    images: readonly string[],
    options?: CallOptions & { readonly platform?: string | undefined },
  ): AsyncIterable<Uint8Array>;
};

export function createImageCalls(transport: Transport): ImageCalls {
  return {
    remote: createRemoteImageCalls(transport),
    list: ({ all, filters, signal } = {}) => {
      const query = { all, filters: dockerApi.formatFilters(filters ?? new Map()) };
      return transport.sendForJson({ method: "GET", path: "/images/json", query, signal });
    },
    inspect: (image, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `${pathOf(image)}/json`, signal }),
    history: (image, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `${pathOf(image)}/history`, signal }),
    tag: (image, target, { signal } = {}) => {
      const query = splitTag(target);
      return transport.sendForNothing({ method: "POST", path: `${pathOf(image)}/tag`, query, signal });
    },
    remove: (image, { force, noPrune, signal } = {}) =>
      transport.sendForJson({
        method: "DELETE",
        path: pathOf(image),
        query: { force, noprune: noPrune },
        signal,
      }),
    pull: (image, { platform, allPlatforms, auth, signal } = {}) =>
      readProgress(transport, {
        method: "POST",
        path: "/images/create",
        query: { fromImage: image, platform, "all-platforms": allPlatforms },
        headers: authHeader(auth),
        signal,
      }),
    push: (image, { platform, auth, allTags = false, signal } = {}) => {
      const { repo, tag = "latest" } = image.includes("@") ? { repo: image, tag: "" } : splitTag(image);
      return readProgress(transport, {
        method: "POST",
        path: `${pathOf(repo)}/push`,
        query: { tag: allTags || tag === "" ? undefined : tag, platform },
        headers: authHeader(auth),
        signal,
      });
    },
    search: (term, { limit, filters, auth, signal } = {}) => {
      const query = { term, limit, filters: dockerApi.formatFilters(filters ?? new Map()) };
      return transport.sendForJson({
        method: "GET",
        path: "/images/search",
        query,
        headers: authHeader(auth),
        signal,
      });
    },
    tree: (image, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `/tug${pathOf(image)}/tree`, signal }),
    squash: (image, { from, name, signal } = {}) => {
      const query = { from, ...(name === undefined ? {} : splitTag(name)) };
      return transport.sendForJson({ method: "POST", path: `/tug${pathOf(image)}/squash`, query, signal });
    },
    diff: (before, after, { signal } = {}) => {
      const query = { with: after };
      return transport.sendForJson({ method: "GET", path: `/tug${pathOf(before)}/diff`, query, signal });
    },
    prune: ({ filters, signal } = {}) => {
      const query = { filters: dockerApi.formatFilters(filters ?? new Map()) };
      return transport.sendForJson({ method: "POST", path: "/images/prune", query, signal });
    },
    import: ({ source, upload, name = "", message, changes, platform, signal }) => {
      const query = { fromSrc: source, ...splitTag(name), message, changes, platform };
      return readProgress(transport, { method: "POST", path: "/images/create", query, upload, signal });
    },
    commit: (container, { name, config = {}, signal, ...query } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: "/commit",
        query: { container, repo: name, ...query },
        json: config,
        signal,
      }),
    logIn: (json, { signal } = {}) => transport.sendForJson({ method: "POST", path: "/auth", json, signal }),
    load: (upload, { quiet = false, platform, signal } = {}) =>
      readProgress(transport, {
        method: "POST",
        path: "/images/load",
        query: { quiet: quiet ? "1" : "0", platform },
        upload,
        signal,
      }),
    async *save(names, { platform, signal } = {}) {
      const request: ApiRequest = { method: "GET", path: "/images/get", query: { names, platform }, signal };
      yield* (await transport.send(request)).bytes;
    },
  };
}

function authHeader(auth: dockerApi.RegistryAuth | undefined): Record<string, string> | undefined {
  return auth && { "X-Registry-Auth": dockerApi.formatRegistryAuth(auth) };
}

/** Slashes of a name stay slashes in the path. */
function pathOf(image: string): string {
  return `/images/${image.split("/").map(encodeURIComponent).join("/")}`;
}

function splitTag(target: string): { repo: string; tag: string | undefined } {
  const [, repo = target, tag] = /^(.*):([^:/]+)$/.exec(target) ?? [];
  return { repo, tag };
}
