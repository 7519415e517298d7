import type { dockerApi } from "../../../../specs/index.ts";
import type { Timestamp } from "../containers/container-view.ts";

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

/** An image as the door shows it. */
export type Image = {
  /** Digest of its configuration. */
  readonly id: string;
  /** Short form with tag: `debian:12`. */
  readonly tags: readonly string[];
  /** Short form with digest: `debian@sha256:...`. */
  readonly digests: readonly string[];
  readonly createdAt?: Timestamp | undefined;
  readonly taggedAt?: Timestamp | undefined;
  readonly sizeBytes: number;
  /** Containers made from it; -1 when nobody counted. */
  readonly containers: number;
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly config: dockerApi.ImageConfig;
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly string[];
};

/** A step of an image's making, newest first. `id` is that of an image here, or undefined. */
export type HistoryEntry = {
  readonly id?: string | undefined;
  readonly createdAt?: Timestamp | undefined;
  readonly createdBy: string;
  readonly tags: readonly string[];
  readonly sizeBytes: number;
  readonly comment: string;
};

export type Removed = { readonly untagged: string } | { readonly deleted: string };

export type PullRequest = {
  readonly reference: string;
  readonly platform?: dockerApi.Platform | undefined;
  /** Left out: the engine looks for its own. */
  readonly auth?: dockerApi.RegistryAuth | undefined;
};

export type PullEvent =
  | { readonly kind: "resolving"; readonly repository: string; readonly tag: string }
  | LayerEvent
  /** The last event. `updated`: the reference points to something new. */
  | {
      readonly kind: "pulled";
      readonly reference: string;
      readonly digest: string;
      readonly updated: boolean;
    };

/** What happens to a layer. `layer` is its digest; `done` and `total` are in bytes. */
export type LayerEvent = { readonly kind: "layer"; readonly layer: string } & (
  | { readonly phase: LayerPhase }
  | { readonly phase: LayerWork; readonly done: number; readonly total?: number | undefined }
);

export type LayerPhase = "queued" | "waiting" | "verifying" | "downloaded" | "complete" | "exists";
export type LayerWork = "downloading" | "extracting";

export type LoadOptions = { readonly platform?: dockerApi.Platform | undefined };

export type LoadEvent =
  | LayerEvent
  | { readonly kind: "loaded"; readonly reference: string }
  | { readonly kind: "loadedUntagged"; readonly id: string };

export type SaveOptions = { readonly platform?: dockerApi.Platform | undefined };
