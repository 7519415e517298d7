import { mkdir, stat } from "node:fs/promises";
import { errnoOf, reasonOf } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { MountRequest } from "../model/mount-request.ts";
import type { ResolvedMount } from "../spec/input.ts";

/** Path of the directory that a named volume's files are in; makes the volume if it does not exist. */
export type VolumeDirectory = (name: string, mount: MountRequest) => Promise<string>;

/**
 * The mounts of a request with their sources on the host and their options as config.json takes them.
 *
 * @throws ENGINE_MOUNT for a missing source, ENGINE_UNSUPPORTED for an image as a mount
 */
export async function resolveMounts(
  mounts: readonly MountRequest[],
  volumeDirectory: VolumeDirectory,
): Promise<ResolvedMount[]> {
  const resolved: ResolvedMount[] = [];
  for (const mount of mounts) resolved.push(await resolveMount(mount, volumeDirectory));
  return resolved;
}

/** Looks for the sources that must be there already. @throws ENGINE_MOUNT */
export async function checkSources(mounts: readonly MountRequest[]): Promise<void> {
  for (const mount of mounts) {
    if (mount.type === "bind" && !mount.createSource) await checkSource(mount.source, false, mount);
  }
}

async function resolveMount(mount: MountRequest, volumeDirectory: VolumeDirectory): Promise<ResolvedMount> {
  const { target, from } = mount;
  switch (mount.type) {
    case "bind":
      await checkSource(mount.source, mount.createSource, mount);
      return { target, from, source: mount.source, options: bindOptions(mount) };
    case "volume": {
      const directory = await volumeDirectory(mount.name ?? "", mount);
      const source = mount.subpath === undefined ? directory : `${directory}/${mount.subpath}`;
      if (mount.subpath !== undefined) await checkSource(source, false, mount);
      return { target, from, source, options: ["rbind", "rprivate", mount.readOnly ? "ro" : "rw"] };
    }
    case "tmpfs":
      return { target, from, source: undefined, options: tmpfsOptions(mount) };
    case "image":
      throw engineError(
        "UNSUPPORTED",
        `cannot mount image ${mount.image} on ${target} (${from}): not there yet`,
      );
  }
}

async function checkSource(path: string, create: boolean, { target, from }: MountRequest): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && create) {
      await mkdir(path, { recursive: true, mode: 0o755 });
      return;
    }
    const missing = errnoOf(error) === "ENOENT";
    const reason = missing ? "bind source path does not exist" : reasonOf(error);
    throw engineError("MOUNT", `invalid mount config for ${target} (${from}): ${reason}: ${path}`, {
      ...(missing && { hint: "make the directory first, or use -v, which makes it" }),
      ...(from.startsWith("/") && { details: { pointer: from } }),
      cause: error,
    });
  }
}

function bindOptions(mount: MountRequest & { type: "bind" }): string[] {
  const options = [mount.recursive ? "rbind" : "bind", mount.propagation || "rprivate"];
  if (!mount.readOnly) return [...options, "rw"];
  return [...options, "ro", ...(mount.readOnlyRecursive === "never" ? [] : ["rro"])];
}

function tmpfsOptions(mount: MountRequest & { type: "tmpfs" }): string[] {
  const options = ["nosuid", "nodev", "noexec", ...mount.options];
  if (mount.sizeBytes !== undefined) options.push(`size=${mount.sizeBytes}`);
  if (mount.mode !== undefined) options.push(`mode=${mount.mode.toString(8)}`);
  if (mount.readOnly) options.push("ro");
  return options;
}
