import type { Digest } from "../base/index.ts";
import type { Credentials } from "../credentials/index.ts";
import type { Platform } from "../specs/index.ts";
import type { LoadedImage, LoadRequest } from "./archive/entries.ts";
import type { CheckRequest } from "./check/check-store.ts";
import type { StoreReport } from "./check/report.ts";
import type { CommitRequest } from "./commit-image.ts";
import type { Difference } from "./compare/compare-images.ts";
import type { EmbeddedImage } from "./embedded.ts";
import type { Collected } from "./gc.ts";
import type { HeldImage } from "./held-images.ts";
import type { Image } from "./image-store.ts";
import type { TreeOfImage } from "./image-tree.ts";
import type { ImportRequest } from "./import-image.ts";
import type { Usage } from "./layers/translate.ts";
import type { OnProgress } from "./progress.ts";
import type { Pruned, PruneOptions } from "./prune.ts";
import type { PushResult } from "./push/push-image.ts";
import type { OnPushProgress } from "./push/push-progress.ts";
import type { LoggedIn } from "./registry/log-in.ts";
import type { Removed, RemoveOptions } from "./remove.ts";
import type { RegistryServer, RegistrySettings, ServedRequest } from "./server/serve-registry.ts";
import type { Lifetime, SnapshotForm, SnapshotMounts } from "./snapshots/snapshotter.ts";
import type { SpaceKeeper } from "./space-keepers.ts";
import type { SquashRequest } from "./squash-image.ts";
import type { RemoteImages } from "./transports/remote-images.ts";

export type PullImageOptions = {
  /** By default this machine's. */
  platform?: Platform | undefined;
  /** Also all other images of an index, which are kept as they are and not unpacked. */
  allPlatforms?: boolean | undefined;
  /** By default those of the credential source that the images were opened with. */
  credentials?: Credentials | undefined;
  onProgress?: OnProgress | undefined;
  signal?: AbortSignal | undefined;
};

export type PulledImage = {
  readonly image: Image;
  /** Full reference. */
  readonly name: string;
  /** What the registry has under the name: digest of an index or a manifest. */
  readonly digest: Digest;
  /** Whether the name stands for another image than before. */
  readonly changed: boolean;
};

export type SaveOptions = { platform?: Platform | undefined; signal?: AbortSignal | undefined };

export type PushImageOptions = {
  /** Of an index only the image for this platform; by default all of it, where all of it is here. */
  platform?: Platform | undefined;
  /** By default those of the credential source that the images were opened with. */
  credentials?: Credentials | undefined;
  onProgress?: OnPushProgress | undefined;
  signal?: AbortSignal | undefined;
};

export type ContainerSnapshotOptions = {
  /** Kept with all they refer to, names or not, until the snapshot is removed. */
  readonly manifests?: readonly Digest[] | undefined;
} & Lifetime;

/**
 * All images of an engine: what its content store, its snapshots and its tables hold.
 *
 * A *query* is what people write to mean an image: a name in any form, a name with a digest, an id or its beginning.
 * Names in answers are full references. Everything that is checked on its way in can fail with IMAGE_* and OCI_IMAGE_*
 * errors; after a failure nothing has changed, but for bytes of a broken download, which the next attempt uses.
 */
export interface Images {
  /**
   * Gets an image from its registry, if the policy lets it in.
   * @throws IMAGE_REFERENCE, IMAGE_REGISTRY_*, IMAGE_PLATFORM, IMAGE_POLICY, IMAGE_POLICY_REFUSED
   */
  pull(reference: string, options?: PullImageOptions): Promise<PulledImage>;

  /**
   * Sends the image of a name to the registry of that name. The registry then has the same bytes under the same digests.
   * @throws IMAGE_REFERENCE, IMAGE_NOT_FOUND, IMAGE_REGISTRY_*, IMAGE_PLATFORM, IMAGE_INCOMPLETE
   */
  push(reference: string, options?: PushImageOptions): Promise<PushResult>;

  /**
   * Tries credentials out on a registry, named as in references. Keeps nothing.
   * @throws IMAGE_REGISTRY_UNAUTHORIZED and the other IMAGE_REGISTRY errors
   */
  logIn(registry: string, credentials: Credentials, signal?: AbortSignal): Promise<LoggedIn>;

  /** Loads all images of an archive: an OCI layout in a tar, or that of `docker save`, compressed or not. */
  load(archive: AsyncIterable<Uint8Array>, request?: LoadRequest): Promise<LoadedImage[]>;
  /** Loads all images of an OCI image layout in a directory. */
  loadLayout(directory: string, request?: LoadRequest): Promise<LoadedImage[]>;

  /**
   * One archive of several images, that is both an OCI layout and an archive of Docker. Rejects before the first byte
   * when an image is missing. A name without a tag means all tags of the repository. An index of which all is here is
   * saved whole, unless a platform is given.
   * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM, IMAGE_INCOMPLETE
   */
  save(queries: readonly string[], options?: SaveOptions): Promise<AsyncIterable<Uint8Array>>;
  /** The same into a directory: a new one, or one that is a layout already. */
  saveLayout(queries: readonly string[], directory: string, options?: SaveOptions): Promise<void>;

  /** Puts in an image that the program brings along, and gives it its name. */
  importEmbedded(image: EmbeddedImage, signal?: AbortSignal): Promise<Image>;

  /**
   * Makes an image of one layer from an archive of a root file system, plain or compressed.
   * @throws IMAGE_ARCHIVE, IMAGE_COMPRESSION, IMAGE_LAYER_*
   */
  import(archive: AsyncIterable<Uint8Array>, request?: ImportRequest): Promise<Image>;

  /**
   * Makes an image of another one and a layer on top, a plain archive.
   * @throws IMAGE_NOT_FOUND for the other, IMAGE_LAYER_*
   */
  commit(layer: AsyncIterable<Uint8Array>, request: CommitRequest): Promise<Image>;

  /**
   * Makes an image with one layer in the place of several, that has the files of another one.
   * @throws IMAGE_NOT_FOUND, IMAGE_CONFIGURATION, IMAGE_LAYER_*
   */
  squash(request: SquashRequest): Promise<Image>;

  /** All that an image's name stands for: index, manifests, configurations, layers. @throws IMAGE_NOT_FOUND */
  tree(query: string): Promise<TreeOfImage>;
  /** What differs between the files of two images. @throws IMAGE_NOT_FOUND */
  compare(before: string, after: string, signal?: AbortSignal): Promise<Difference[]>;
  /** Images in other places: registries, layouts, archives, directories, daemons. */
  readonly remote: RemoteImages;

  /**
   * Compares everything in the store with its digests and with what is on record, and puts right what can be when it is
   * asked for: see `checkStore`.
   */
  check(request?: CheckRequest): Promise<StoreReport>;

  /** Gives an image a further name, which may have belonged to another one. @throws IMAGE_NOT_FOUND, IMAGE_REFERENCE */
  tag(query: string, name: string): Promise<void>;
  /** Every image once, the last changed first. */
  list(): Promise<Image[]>;
  /** @throws IMAGE_NOT_FOUND, IMAGE_AMBIGUOUS, IMAGE_REFERENCE */
  get(query: string): Promise<Image>;
  /** Takes names away, and the image with the last one: `docker image rm`. @throws IMAGE_NOT_FOUND, IMAGE_IN_USE */
  remove(query: string, options?: RemoveOptions): Promise<Removed>;
  /** Removes all images without a tag that no container uses; or all that no container uses. */
  prune(options?: PruneOptions): Promise<Pruned>;
  /**
   * Serves the images of a registry's name, and takes in what is pushed to it: see docs/registry.md.
   *
   * @param onServed told of every request when it is over
   * @throws IMAGE_REGISTRY_SERVER, IMAGE_REGISTRY_BUSY
   */
  serveRegistry(
    settings: RegistrySettings,
    onServed?: (request: ServedRequest) => void,
  ): Promise<RegistryServer>;
  /**
   * Ends what serves or waits in the background. Nothing else may be asked of the images any more.
   *
   * @param options.unmount no container needs the layers until they are opened again: they are taken off
   */
  close(options?: { readonly unmount?: boolean }): Promise<void>;
  /** Who keeps blobs and unpacked layers on the disk, the largest first. */
  keepers(): Promise<SpaceKeeper[]>;
  /** How layers are kept that come from now on; where nobody has said it, the machine is tried. */
  snapshotter(): Promise<SnapshotForm>;
  /** What may have to go, and what all takes: of this moment. */
  held(): readonly HeldImage[];
  /** Bytes of all blobs and of all layers as they are unpacked. */
  heldBytes(): Promise<number>;
  /** Removes what mirrors have fetched of other registries that is no image. */
  dropCaches(): Promise<Collected>;
  /** Removes what no image, lease or container needs. */
  collectGarbage(): Promise<Collected>;

  /**
   * An image that a container can be made from: its snapshots are there.
   * @param platform what it must run on; by default the platform that was pulled last
   * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM
   */
  resolve(query: string, platform?: Platform): Promise<Image>;

  /**
   * The same, if the policy lets it run under the name that it is asked for by, or, by its id, under any of its names.
   * @throws IMAGE_NOT_FOUND, IMAGE_PLATFORM, IMAGE_POLICY, IMAGE_POLICY_REFUSED
   */
  resolveToRun(query: string, platform?: Platform): Promise<Image>;

  /**
   * Keeps an image with all it needs, names or not, until `release` of the same id, over restarts. Ids must differ from
   * the keys of containers' snapshots.
   */
  retain(id: string, manifest: Digest): Promise<void>;
  /** Ends a `retain`; an id that is not known is no error. */
  release(id: string): void;

  /**
   * Makes the writable snapshot of a container on the topmost of its image's chain ids, or on nothing. It is durable as soon as the caller commits that it has a container, and
   * so is its removal.
   * @throws IMAGE_SNAPSHOT_EXISTS, IMAGE_SNAPSHOT_NOT_FOUND
   */
  prepareContainerSnapshot(
    key: string,
    chainId?: Digest,
    options?: ContainerSnapshotOptions,
  ): Promise<SnapshotMounts>;
  /** What `prepareContainerSnapshot` would give if it were called now. Nothing is made. */
  predictContainerSnapshot(key: string, chainId?: Digest): SnapshotMounts;
  /** What to mount for a container's snapshot. @throws IMAGE_SNAPSHOT_NOT_FOUND */
  containerMounts(key: string): SnapshotMounts;
  /** Lets a container's snapshot be mounted again after a volatile mount. @throws IMAGE_SNAPSHOT_NOT_FOUND */
  renewContainerSnapshot(key: string): Promise<void>;
  /** What a container itself takes on the disk. Measured at every call. */
  containerUsage(key: string, signal?: AbortSignal): Promise<Usage>;
  /** Removes a container's snapshot; one that is not there is no error. */
  removeContainerSnapshot(key: string, lifetime?: Lifetime): Promise<void>;

  /** A tree of files, given as tree records, as a tar archive. */
  exportTar(records: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}
