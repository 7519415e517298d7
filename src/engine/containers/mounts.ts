import { mkdir, stat } from "node:fs/promises";
import { errnoOf, reasonOf } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest, SecretVariable } from "../model/create-request.ts";
import type { DataMount, FoundImage, MountRequest } from "../model/mount-request.ts";
import { dataFile, writeDataFile } from "../named-data/files.ts";
import { dataOf } from "../named-data/service.ts";
import type { NamedData } from "../named-data/store.ts";
import { readSecretVariable } from "../named-data/variables.ts";
import type { ResolvedMount } from "../spec/input.ts";
import { newVolumeName } from "../volumes/name.ts";
import type { Volumes } from "../volumes/volumes.ts";
import type { ImageSource } from "./image-source.ts";

/** Where the sources of mounts come from that need not be there before. */
export interface MountSources {
  /** Path of the directory that a named volume's files are in. */
  volume(name: string): Promise<string>;
  /** The directories that a view of an image is made of, topmost first. */
  image(image: FoundImage): Promise<readonly string[]>;
  /** The file that holds a secret or a config while the container runs. */
  data(mount: MountRequest & DataMount): Promise<string>;
  /** `NAME=value` of a variable that is a secret. */
  secretVariable(variable: SecretVariable): string;
  /** Called with the source of a bind mount that is missing and may be made. */
  missing(path: string): Promise<void>;
}

/** Where volumes and images are looked up, and what lasts as long as a run is. */
type Stores<V extends keyof Volumes> = {
  readonly volumes: Pick<Volumes, V>;
  readonly images: Pick<ImageSource, "layers">;
};

/** What is kept under names. */
type Kept<V extends keyof NamedData> = {
  readonly secrets: Pick<NamedData, V>;
  readonly configs: Pick<NamedData, V>;
};

/** Sources that are made where they are missing. */
export function madeSources(
  { volumes, images, secrets, configs }: Stores<"directory"> & Kept<"read">,
  runDirectory: string,
): MountSources {
  return {
    volume: volumes.directory,
    image: images.layers,
    async data(mount) {
      const path = dataFile(runDirectory, mount);
      const data = mount.type === "secret" ? secrets.read(mount.secret) : configs.read(mount.config);
      await writeDataFile(path, mount, data);
      return path;
    },
    secretVariable: (variable) => readSecretVariable(secrets, variable),
    missing: async (path) => void (await mkdir(path, { recursive: true, mode: 0o755 })),
  };
}

/** The same sources, of which none is made, and no secret is told. */
export function plannedSources({ volumes, images }: Stores<"path">, runDirectory: string): MountSources {
  return {
    volume: async (name) => volumes.path(name),
    image: images.layers,
    data: async (mount) => dataFile(runDirectory, mount),
    secretVariable: ({ variable, secret }) => `${variable}=(secret ${secret})`,
    missing: async () => {},
  };
}

/**
 * The mounts of a request with their sources on the host and their options as config.json takes them.
 *
 * @throws ENGINE_MOUNT for a missing source, IMAGE_SNAPSHOT_NOT_FOUND
 */
export async function resolveMounts(
  mounts: readonly MountRequest[],
  sources: MountSources,
): Promise<ResolvedMount[]> {
  const resolved: ResolvedMount[] = [];
  for (const mount of mounts) resolved.push(await resolveMount(mount, sources));
  return resolved;
}

/** Looks for the sources that must be there already. @throws ENGINE_MOUNT, ENGINE_SECRET_NOT_FOUND, ENGINE_CONFIG_NOT_FOUND */
export async function checkSources(
  request: CreateContainerRequest,
  { secrets, configs }: Kept<"find">,
): Promise<void> {
  for (const name of dataOf("secret", request)) secrets.find(name);
  for (const name of dataOf("config", request)) configs.find(name);
  for (const mount of request.mounts) {
    if (mount.type === "bind" && !mount.createSource) await checkSource(mount.source, mount);
  }
}

async function resolveMount(mount: MountRequest, sources: MountSources): Promise<ResolvedMount> {
  const { target, from } = mount;
  switch (mount.type) {
    case "bind":
      await checkSource(mount.source, mount, mount.createSource ? sources.missing : undefined);
      return { target, from, source: mount.source, options: bindOptions(mount) };
    case "volume": {
      const directory = await sources.volume(mount.name || newVolumeName());
      const part = mount.subpath === undefined ? {} : { layers: [directory], subpath: mount.subpath };
      const options = ["rbind", "rprivate", mount.readOnly ? "ro" : "rw"];
      return { target, from, source: directory, options, ...part };
    }
    case "tmpfs":
      return { target, from, source: undefined, options: tmpfsOptions(mount) };
    case "secret":
    case "config": {
      const options = ["bind", "rprivate", "ro", "nosuid", "nodev", "noexec"];
      return { target, from, source: await sources.data(mount), options };
    }
    case "image": {
      if (mount.found === undefined) throw new Error(`nobody has looked for image ${mount.image}`);
      const layers = await sources.image(mount.found);
      const { subpath } = mount;
      return {
        target,
        from,
        source: layers[0],
        layers,
        subpath,
        options: ["bind", "rprivate", "ro", "nodev"],
      };
    }
  }
}

async function checkSource(
  path: string,
  { target, from }: MountRequest,
  whenMissing?: MountSources["missing"],
): Promise<void> {
  try {
    await stat(path);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && whenMissing !== undefined) return whenMissing(path);
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
