import type { Digest } from "../../base/index.ts";
import type { LayeredRoot } from "../../runtime/index.ts";
import type { Platform } from "../../specs/docker-api/index.ts";
import type { FoundImage } from "../model/mount-request.ts";
import type { RecordedImage } from "./record.ts";

/** A container's root file system. */
export type ContainerRoot = {
  readonly source: LayeredRoot;
  /** The directories that it is made of, host paths, topmost first: for looking into it from outside. */
  readonly layers: readonly string[];
};

/** An image as containers need it. */
export type ContainerImage = {
  readonly recorded: RecordedImage;
  /** Names its stack of layers; undefined for an image without layers. */
  readonly chainId: Digest | undefined;
  /** Digest of its manifest, which is kept as long as a container uses it. */
  readonly manifest: Digest | undefined;
};

/** An ephemeral container is removed after a power loss: nothing that is made for it waits for the disk. */
export type Lifetime = { readonly ephemeral: boolean };

export type PrepareOptions = Lifetime & {
  /** Manifests of the images that are mounted in the container. */
  readonly mounted: readonly Digest[];
};

/** What containers need of the images. */
export interface ImageSource {
  /** @throws IMAGE_NOT_FOUND with `details.image` */
  find(reference: string, platform: Platform | undefined): Promise<ContainerImage>;
  /** Makes the writable snapshot of a container, and keeps its image and those mounted in it until `release`. */
  prepare(containerId: string, image: ContainerImage, options: PrepareOptions): Promise<void>;
  /** The directories that a view of an image is made of, several, topmost first. @throws IMAGE_SNAPSHOT_NOT_FOUND */
  layers(image: Pick<FoundImage, "id" | "chainId">): Promise<readonly string[]>;
  /** The root of a container that was prepared. */
  root(containerId: string): Promise<ContainerRoot>;
  /** Makes a root that was mounted for one run ready for another. */
  renew(containerId: string): Promise<void>;
  /** What `root` would give for a container of this id. Nothing is made. */
  predictRoot(containerId: string, image: ContainerImage): Promise<ContainerRoot>;
  /** Removes a container's snapshot; one that is not there is no error. */
  release(containerId: string, lifetime: Lifetime): Promise<void>;
  /** Bytes that the container itself has written, and of its whole root. */
  sizes(containerId: string): Promise<{ readonly writableBytes: number }>;
}
