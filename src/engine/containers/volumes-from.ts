import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { MountRequest } from "../model/mount-request.ts";
import type { ContainerStore } from "./store.ts";

/**
 * The directories and volumes of other containers that a request asks for, each written `CONTAINER[:ro|rw]`. Where the
 * request itself mounts something, or a container named before, that is left.
 *
 * Source: https://docs.docker.com/reference/cli/docker/container/run/#volumes-from
 *
 * @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_REQUEST for another mode
 */
export function inheritedMounts(
  { find }: Pick<ContainerStore, "find">,
  { mounts, volumesFrom }: Pick<CreateContainerRequest, "mounts" | "volumesFrom">,
): MountRequest[] {
  const taken = new Set(mounts.map(({ target }) => target));
  return volumesFrom.flatMap((text, index) => {
    const [reference = "", mode = "rw"] = text.split(":");
    if (!["ro", "rw", "z", "Z"].includes(mode)) {
      const hint = "it is ro or rw";
      throw engineError("REQUEST", `cannot use mounts of ${reference}: ${JSON.stringify(mode)} is no mode`, {
        hint,
      });
    }
    const from = `/HostConfig/VolumesFrom/${index}`;
    return find(reference).request.mounts.flatMap((mount): MountRequest[] => {
      if ((mount.type !== "bind" && mount.type !== "volume") || taken.has(mount.target)) return [];
      taken.add(mount.target);
      return [{ ...mount, from, spec: undefined, readOnly: mount.readOnly || mode === "ro" }];
    });
  });
}
