import { type Digest, TugError } from "../../base/index.ts";
import type { Image, Images, LayoutImage } from "../../images/index.ts";
import type * as dockerApi from "../../specs/docker-api/index.ts";
import type { Platform } from "../../specs/oci-image/index.ts";
import type { ContainerImage, ContainerRoot, ImageSource } from "../containers/image-source.ts";
import { hostImage, hostRoot, isHostImage } from "./host-image.ts";
import { viewLayers } from "./mount-points.ts";

export type ContainerImagesOptions = {
  readonly images: Images;
  /** The image that a container was made from, and when the container ended; milliseconds since the epoch. */
  readonly useOf: (containerId: string) => { readonly image: string; readonly until: number } | undefined;
  /** Told before an image is used, and until when it was. */
  readonly onUse: (image: string, at?: number) => void;
  /** See `overlayRoot`. */
  readonly mountPoints: string;
};

/** The images as containers need them, and `@host` beside them. */
export function containerImages(options: ContainerImagesOptions): ImageSource {
  const { images, useOf, onUse, mountPoints } = options;
  const isHost = (containerId: string): boolean => isHostImage(useOf(containerId)?.image ?? "");
  return {
    async find(reference, platform) {
      if (isHostImage(reference)) return hostImage();
      try {
        const image = await images.resolveToRun(reference, platform && imagePlatform(platform));
        onUse(image.id);
        return containerImage(image);
      } catch (error) {
        throw withImage(error, reference);
      }
    },
    async prepare(containerId, { chainId, manifest }, { mounted, ...lifetime }) {
      if (isHost(containerId)) {
        for (const each of mounted) await images.retain(containerId, each);
        return;
      }
      const manifests = [...(manifest === undefined ? [] : [manifest]), ...mounted];
      await images.prepareContainerSnapshot(containerId, chainId, { manifests, ...lifetime });
    },
    layers: async ({ id, chainId }) =>
      viewLayers(images.predictContainerSnapshot(id, chainId).lowers, mountPoints),
    root: async (containerId) =>
      isHost(containerId) ? hostRoot : overlayRoot(images.containerMounts(containerId), mountPoints),
    async renew(containerId) {
      if (!isHost(containerId)) await images.renewContainerSnapshot(containerId);
    },
    async predictRoot(containerId, { recorded, chainId }) {
      if (isHostImage(recorded.id)) return hostRoot;
      const root = overlayRoot(images.predictContainerSnapshot(containerId, chainId), mountPoints);
      // The upper directory is not there yet.
      return { ...root, layers: root.layers.slice(1) };
    },
    async release(containerId, lifetime) {
      const use = useOf(containerId);
      if (use !== undefined && !isHostImage(use.image)) onUse(use.image, use.until);
      await images.removeContainerSnapshot(containerId, lifetime);
    },
    async sizes(containerId) {
      if (isHost(containerId)) return { writableBytes: 0 };
      return { writableBytes: (await images.containerUsage(containerId)).bytes };
    },
  };
}

/**
 * What an overlay's mounts are as a container's root.
 *
 * @param mountPoints the tree below all layers, see `makeMountPoints`; no part of the image
 */
export function overlayRoot(
  { lowers, upper, work }: ReturnType<Images["containerMounts"]>,
  mountPoints: string,
): ContainerRoot {
  return {
    source: {
      kind: "overlay",
      lowers: [...lowers, mountPoints],
      ...(upper !== undefined && { upper }),
      ...(work !== undefined && { work }),
    },
    layers: upper === undefined ? lowers : [upper, ...lowers],
  };
}

/** An image as containers need it. */
export function containerImage(image: LayoutImage & Partial<Pick<Image, "size">>): ContainerImage {
  const { config = {}, architecture, os } = image.config;
  return {
    recorded: {
      id: image.id,
      defaults: config,
      architecture,
      os,
      stopSignal: config.StopSignal,
      volumes: Object.keys(config.Volumes ?? {}),
      labels: config.Labels ?? {},
      size: image.size ?? 0,
    },
    chainId: image.chainIds.at(-1) as Digest | undefined,
    manifest: image.manifest.digest,
  };
}

/** A platform of the Docker door as the images take it. */
export function imagePlatform({ os, architecture, variant }: dockerApi.Platform): Platform {
  return { os, architecture, ...(variant && { variant }) };
}

/** Doors look for the name of what is missing in the details. */
export function withImage(error: unknown, reference: string): unknown {
  if (!(error instanceof TugError) || error.kind !== "notFound") return error;
  const { kind, code, message, hint, details } = error;
  return new TugError(kind, code, message, {
    cause: error,
    details: { ...details, image: reference },
    ...(hint !== undefined && { hint }),
  });
}
