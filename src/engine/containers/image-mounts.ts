import { type Digest, TugError } from "../../base/index.ts";
import type { Helper } from "../../helper/index.ts";
import type { Slot } from "../../plan/index.ts";
import { engineError } from "../errors.ts";
import { isHostImage } from "../images/host-image.ts";
import type { ImageMount, MountRequest } from "../model/mount-request.ts";
import type { ImageSource } from "./image-source.ts";
import type { ContainerRecord } from "./record.ts";
import { layersMount } from "./user-files.ts";

type Mounted = MountRequest & ImageMount;

/**
 * The mounts of a request, those of images with the image that is meant: one that is here and that the policy lets run.
 *
 * @throws ENGINE_MOUNT for an image that is not here or has no files, IMAGE_POLICY_REFUSED, IMAGE_PLATFORM
 */
export async function findMountedImages(
  images: Pick<ImageSource, "find">,
  mounts: readonly MountRequest[],
): Promise<MountRequest[]> {
  const found: MountRequest[] = [];
  for (const mount of mounts) {
    found.push(mount.type === "image" ? { ...mount, found: await findImage(images, mount) } : mount);
  }
  return found;
}

/** Digests of the manifests of what a container has mounted. */
export function mountedManifests({ request }: Pick<ContainerRecord, "request">): Digest[] {
  return request.mounts.flatMap((mount) =>
    mount.type === "image" && mount.found !== undefined ? [mount.found.manifest] : [],
  );
}

/** Whether a container was made from an image, or has it mounted. */
export function usesImage(
  { image, request }: Pick<ContainerRecord, "image" | "request">,
  id: string,
): boolean {
  return image.id === id || request.mounts.some((mount) => mount.type === "image" && mount.found?.id === id);
}

/**
 * Looks for the directories of images that are to be shown alone.
 *
 * @throws ENGINE_MOUNT for one that is not there or no directory
 */
export async function checkImageSubpaths(
  { helper, images }: { readonly helper: Helper; readonly images: Pick<ImageSource, "layers"> },
  mounts: readonly MountRequest[],
): Promise<void> {
  for (const mount of mounts) {
    if (mount.type !== "image" || mount.subpath === undefined || mount.found === undefined) continue;
    await checkSubpath(helper, mount, { path: mount.subpath, layers: await images.layers(mount.found) });
  }
}

async function findImage(images: Pick<ImageSource, "find">, mount: Mounted): Promise<ImageMount["found"]> {
  if (isHostImage(mount.image)) {
    throw refuse(mount, "it is no image", { hint: "to mount a host directory use type=bind" });
  }
  try {
    const { recorded, chainId, manifest } = await images.find(mount.image, undefined);
    if (chainId === undefined || manifest === undefined) throw refuse(mount, "it has no files");
    return { id: recorded.id, chainId, manifest };
  } catch (error) {
    // The door would take it for the image that is to be run, and its client would pull that one.
    if (!(error instanceof TugError) || error.code !== "IMAGE_NOT_FOUND") throw error;
    throw refuse(mount, "there is no such image", {
      hint: `get it first: tug pull ${mount.image}`,
      cause: error,
    });
  }
}

const ROOT = 0 as Slot;

async function checkSubpath(
  helper: Helper,
  mount: Mounted,
  { path, layers }: { path: string; layers: readonly string[] },
): Promise<void> {
  const host = [
    layersMount(layers, ROOT),
    // With the dot at the end it has to be a directory, or a link to one.
    { op: "statInRoot", from: "subpath", root: ROOT, path: `${path}/.`, tag: 1 } as const,
  ];
  try {
    await helper.execute({ host, stage: [], init: [] });
  } catch (error) {
    const reason = error instanceof TugError ? reasons[String(error.details.errno)] : undefined;
    if (reason === undefined) throw error;
    throw refuse(mount, `${JSON.stringify(path)} ${reason}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "is not in it",
  ENOTDIR: "is no directory in it",
  ELOOP: "leads in circles",
};

function refuse(mount: Mounted, reason: string, more: { hint?: string; cause?: unknown } = {}): TugError {
  const { image, target, from } = mount;
  return engineError("MOUNT", `cannot mount image ${image} on ${target} (${from}): ${reason}`, {
    ...(from.startsWith("/") && { details: { pointer: from } }),
    ...more,
  });
}
