import type { RegistrySettings, SearchHit, ServedRequest } from "../../images/index.ts";
import type { ImageSignature } from "../../signatures/index.ts";
import type * as dockerApi from "../../specs/docker-api/index.ts";
import type { ExecutionConfig } from "../../specs/oci-image/index.ts";
import type { Timestamp } from "./container-view.ts";

/** An image as the doors show it. */
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
  /** Containers made from it. */
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

/** What differs at a path, which begins with a slash, between the files of two images. */
export type ImageDifference = { readonly path: string; readonly kind: "added" | "changed" | "deleted" };

/** What a registry is searched for. */
export type SearchRequest = {
  /** Begins with the registry, unless that is docker.io: `registry.example/debian`. */
  readonly term: string;
  readonly limit: number;
  readonly auth?: dockerApi.RegistryAuth | undefined;
};

/** What a pruning did. */
export type PruneResult = { readonly removed: readonly Removed[]; readonly freedBytes: number };

export type ImportRequest = {
  /** An archive of a root file system, or an address that has one. */
  readonly source: AsyncIterable<Uint8Array> | string;
  /** None: the image has no name. */
  readonly name?: string | undefined;
  readonly comment?: string | undefined;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  readonly platform?: dockerApi.Platform | undefined;
};

export type CommitRequest = {
  /** Name or id. */
  readonly container: string;
  /** None: the image has no name. */
  readonly name?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  /** Freeze the container meanwhile. */
  readonly pause: boolean;
  /** Instructions of a Dockerfile. */
  readonly changes: readonly string[];
  /** What of the container's configuration the image has otherwise. */
  readonly config: ExecutionConfig;
};

export type PullRequest = {
  readonly reference: string;
  readonly platform?: dockerApi.Platform | undefined;
  /** Also all other images of an index. */
  readonly allPlatforms?: boolean | undefined;
  /** Left out: the engine looks for its own. */
  readonly auth?: dockerApi.RegistryAuth | undefined;
};

/** `layer` is the digest of a layer; sizes in bytes. */
export type LayerEvent =
  | { readonly kind: "layer"; readonly layer: string; readonly phase: LayerPhase }
  | {
      readonly kind: "layer";
      readonly layer: string;
      readonly phase: LayerWork;
      readonly done: number;
      readonly total?: number | undefined;
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

export type PushRequest = {
  /** With the tag `latest` where it names none. */
  readonly reference: string;
  /** All tags of the reference's repository. */
  readonly allTags: boolean;
  /** Of an index only the image for this platform. */
  readonly platform?: dockerApi.Platform | undefined;
  /** Left out: the engine looks for its own. */
  readonly auth?: dockerApi.RegistryAuth | undefined;
};

export type PushEvent =
  /** `repository` in full: `docker.io/library/debian`. */
  | { readonly kind: "pushing"; readonly repository: string }
  | PushLayerEvent
  /** One tag is there. `insteadOf`: the digest of its index, of which only this image is here. */
  | {
      readonly kind: "pushed";
      readonly tag: string;
      readonly digest: string;
      readonly sizeBytes: number;
      readonly insteadOf?: string | undefined;
    };

/** `layer` is the digest of a layer; sizes in bytes. */
export type PushLayerEvent =
  | { readonly kind: "layer"; readonly layer: string; readonly phase: PushPhase }
  | { readonly kind: "layer"; readonly layer: string; readonly phase: "mounted"; readonly from: string }
  | {
      readonly kind: "layer";
      readonly layer: string;
      readonly phase: "pushing";
      readonly done: number;
      readonly total: number;
    };

/** How a place is spoken to. */
export type PlaceAccess = {
  readonly auth?: dockerApi.RegistryAuth | undefined;
  readonly insecure?: boolean | undefined;
  readonly daemon?: string | undefined;
};

/** Which signatures of an image are asked for: those of one form, maybe among others; by default all. */
export type SignaturesAccess = PlaceAccess & { readonly form?: dockerApi.SignatureForm | undefined };

export type { ImageSignature, SearchHit };

/** An image with what lies beside it, which nobody has verified. */
export type SignedImage = {
  readonly digest: string;
  /** Full names by which the image goes there; none in a layout. */
  readonly names: readonly string[];
  readonly signatures: readonly ImageSignature[];
};

/** Places are written as in docs/images.md; paths are absolute. */
export type CopyRequest = {
  readonly source: string;
  readonly target: string;
  readonly platform?: dockerApi.Platform | undefined;
  /** All of an index. */
  readonly all: boolean;
  /** Also the signatures that lie beside it. */
  readonly signatures: boolean;
  readonly sourceAccess?: PlaceAccess | undefined;
  readonly targetAccess?: PlaceAccess | undefined;
};

export type CopyEvent =
  | PushLayerEvent
  /** The last event. */
  | {
      readonly kind: "copied";
      readonly digest: string;
      readonly sizeBytes: number;
      /** Whether the target had something else under its name. */
      readonly changed: boolean;
    };

export type PushPhase = "preparing" | "waiting" | "pushed" | "exists";

export type LayerPhase = "queued" | "waiting" | "verifying" | "downloaded" | "complete" | "exists";
export type LayerWork = "downloading" | "extracting";

export type LoadEvent =
  | LayerEvent
  | { readonly kind: "loaded"; readonly reference: string }
  | { readonly kind: "loadedUntagged"; readonly id: string };

/** What keeps images' blobs and unpacked layers on the disk, and why. Bytes. */
export type SpaceKeeper = {
  /** `use`: containers whose image has no name, and work under way. `nothing`: leftovers. */
  readonly kind: "image" | "repository" | "use" | "nothing";
  readonly id: string | undefined;
  /** Of an image or a repository, in the short form. */
  readonly names: readonly string[];
  /** Names of the containers that were made from an image. */
  readonly containers: readonly string[];
  readonly blobBytes: number;
  readonly layerBytes: number;
  /** What would be free without it. */
  readonly aloneBytes: number;
  /** Of an image: what the budget of the disk makes of it. */
  readonly place?: SpacePlace | undefined;
};

/** When an image was used last, milliseconds since the epoch, and when it goes. */
export type SpacePlace = {
  readonly lastUsed: number;
  /** Among those that may go, the first is 1. */
  readonly turn: number | undefined;
  /** Why it stays instead. */
  readonly stays: string | undefined;
};

/** An image whose layers are to become one. */
export type SquashRequest = {
  readonly image: string;
  /** What stays as it is: so many of its lowest layers, or those of another image. */
  readonly from?: string | undefined;
  /** Of the new image, which has none without it. */
  readonly name?: string | undefined;
};

export type ServeRegistryRequest = RegistrySettings;

/** What a registry that is served tells: that it listens, and each request when it is over. */
export type RegistryEvent =
  | { readonly kind: "listening"; readonly url: string; readonly name: string }
  | ({ readonly kind: "request" } & ServedRequest);
