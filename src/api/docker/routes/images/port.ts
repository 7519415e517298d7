import type { CheckEvent, imageModel } from "../../../../engine/index.ts";
import type { dockerApi } from "../../../../specs/index.ts";

/**
 * What the image routes need of the engine.
 *
 * A reference is what a user wrote: `debian`, `docker.io/library/debian:12`, `debian@sha256:...`, an id or an unambiguous
 * beginning of one. References in answers are in the short form, as Docker prints them: `debian:12`.
 *
 * Errors are TugErrors; a missing image is `notFound` with `details.image`: the reference.
 */
export interface ImagesPort {
  list(): Promise<readonly Image[]>;
  get(reference: string, platform?: dockerApi.Platform): Promise<Image>;
  history(reference: string): Promise<readonly HistoryEntry[]>;
  tag(source: string, target: string): Promise<void>;
  remove(
    reference: string,
    options: { readonly force: boolean; readonly prune: boolean },
  ): Promise<readonly Removed[]>;
  /**
   * Fetches an image. Errors before the first event become a status, later ones go into the stream. An event for one
   * layer comes at most about ten times a second.
   */
  pull(request: PullRequest, signal: AbortSignal): AsyncIterable<PullEvent>;
  /** Removes images that no container uses and that fit: those without a tag, or all. */
  prune(options: {
    readonly all: boolean;
    readonly fits: (image: Image) => boolean;
  }): Promise<imageModel.PruneResult>;
  /** Makes an image of a container. Gives its id. */
  commit(request: CommitRequest, signal: AbortSignal): Promise<string>;
  /** Makes an image from an archive of a root file system. Gives its id. */
  import(request: ImportRequest, signal: AbortSignal): Promise<string>;
  /** Who keeps what on the disk, the largest first. */
  keepers(): Promise<readonly imageModel.SpaceKeeper[]>;
  /** Makes an image of one layer with the files of another. Gives its id. */
  squash(request: imageModel.SquashRequest, signal: AbortSignal): Promise<string>;
  /** All that a name stands for, down to the layers. */
  tree(reference: string): Promise<TreeOfImage>;
  /** What differs between the files of two images, in the order of the paths. */
  compare(before: string, after: string, signal: AbortSignal): Promise<readonly imageModel.ImageDifference[]>;
  /** Compares the store with its digests and with what is on record; the last event is what was found. */
  check(options: { readonly repair: boolean }, signal: AbortSignal): AsyncIterable<CheckEvent>;
  /** Images in other places, written as in docs/images.md. */
  readonly remote: RemoteImagesPort;
  /** Serves a registry until the signal. The first event says that it listens; errors before it become a status. */
  serveRegistry(
    request: imageModel.ServeRegistryRequest,
    signal: AbortSignal,
  ): AsyncIterable<imageModel.RegistryEvent>;
  /** Tries credentials out on the registry of `serveraddress`. A refusal is `unauthorized`. */
  logIn(
    auth: dockerApi.RegistryAuth,
    signal: AbortSignal,
  ): Promise<{ readonly identityToken: string | undefined }>;
  /** Sends an image, or all tags of a repository. Errors before the first event become a status. */
  push(request: PushRequest, signal: AbortSignal): AsyncIterable<PushEvent>;
  /** Takes in an OCI layout, OCI archive or Docker archive, plain or compressed. */
  load(
    archive: AsyncIterable<Uint8Array>,
    options: LoadOptions,
    signal: AbortSignal,
  ): AsyncIterable<LoadEvent>;
  /** One archive of several images; rejects before the first byte when one is missing. */
  save(
    references: readonly string[],
    options: SaveOptions,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>;
}

/** A manifest, index or blob, and what it refers to. Sizes in bytes. */
export type TreeOfImage = {
  readonly kind: "index" | "image" | "artifact" | "config" | "layer" | "blob";
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: dockerApi.Platform | undefined;
  readonly about?: string | undefined;
  readonly isHere: boolean;
  readonly isUnpacked?: boolean;
  readonly children: readonly TreeOfImage[];
};

/** What the routes below /tug/images need of the engine. */
export interface RemoteImagesPort {
  copy(request: imageModel.CopyRequest, signal: AbortSignal): AsyncIterable<CopyEvent>;
  look(
    place: string,
    options: PlaceAccess & { readonly platform?: dockerApi.Platform | undefined },
    signal: AbortSignal,
  ): Promise<LookedImage>;
  digest(place: string, access: PlaceAccess, signal: AbortSignal): Promise<string>;
  tags(place: string, access: PlaceAccess, signal: AbortSignal): Promise<readonly string[]>;
  /** What lies beside an image, of a form or all, which nobody has verified. Names are in their full form. */
  signatures(place: string, access: imageModel.SignaturesAccess, signal: AbortSignal): Promise<SignedImage>;
  /** Puts a signature beside the image that it is of. */
  sign(
    place: string,
    request: { readonly signature: ImageSignature; readonly access: PlaceAccess },
    signal: AbortSignal,
  ): Promise<void>;
  /** Gives the digest of what is gone. */
  delete(place: string, access: PlaceAccess, signal: AbortSignal): Promise<string>;
  /** Repositories of a registry. */
  search(request: imageModel.SearchRequest, signal: AbortSignal): Promise<readonly imageModel.SearchHit[]>;
}

/** The documents of an image, byte for byte. */
export type LookedImage = {
  readonly root: { readonly digest: string; readonly mediaType: string };
  readonly raw: Uint8Array;
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
};

export type ImageSignature = imageModel.ImageSignature;
export type SignedImage = imageModel.SignedImage;
export type CopyEvent = imageModel.CopyEvent;
export type PlaceAccess = imageModel.PlaceAccess;
export type Image = imageModel.Image;
export type HistoryEntry = imageModel.HistoryEntry;
export type Removed = imageModel.Removed;
export type PullEvent = imageModel.PullEvent;
export type CommitRequest = imageModel.CommitRequest;
export type ImportRequest = imageModel.ImportRequest;
export type PushEvent = imageModel.PushEvent;
export type PushLayerEvent = imageModel.PushLayerEvent;
export type PushPhase = imageModel.PushPhase;
export type PushRequest = imageModel.PushRequest;
export type LoadEvent = imageModel.LoadEvent;
export type LayerEvent = imageModel.LayerEvent;
export type LayerPhase = imageModel.LayerPhase;
export type LayerWork = imageModel.LayerWork;

export type PullRequest = imageModel.PullRequest;

export type LoadOptions = { readonly platform?: dockerApi.Platform | undefined };

export type SaveOptions = { readonly platform?: dockerApi.Platform | undefined };
