import { posix } from "node:path";
import { jsonPointer } from "../../../../../base/index.ts";
import type { MountRequest, VolumeMount } from "../../../../../engine/index.ts";
import { dockerApi } from "../../../../../specs/index.ts";
import { translateDataFiles } from "./named-data.ts";
import { type Path, refuse } from "./origins.ts";

/**
 * Everything that a create body wants mounted: Binds, Mounts, Secrets, Configs, Tmpfs, then Volumes without a mount of their own.
 *
 * @throws DOCKER_CREATE_VALUE, among others when two mounts have the same target
 */
export function translateMounts(body: dockerApi.CreateBody): MountRequest[] {
  const host = body.HostConfig ?? {};
  const explicit = [
    ...(host.Binds ?? []).map((spec, index) =>
      fromSpec(spec, ["HostConfig", "Binds", index], host.VolumeDriver),
    ),
    ...(host.Mounts ?? []).map((mount, index) => fromMount(mount, ["HostConfig", "Mounts", index])),
    ...translateDataFiles(host, targetOf),
    ...Object.entries(host.Tmpfs ?? {}).map(([target, options]) => fromTmpfs(target, options)),
  ];
  const targets = new Set<string>();
  for (const { target, from } of explicit) {
    if (targets.has(target)) throw refuse(from, `Duplicate mount point: ${target}`);
    targets.add(target);
  }
  const anonymous = Object.keys(body.Volumes ?? {}).map(fromVolumes);
  return [...explicit, ...anonymous.filter((mount) => !targets.has(mount.target))];
}

const plainVolume = { type: "volume", noCopy: false, labels: {}, driverOptions: {} } as const;

function fromSpec(text: string, path: Path, volumeDriver: string | undefined): MountRequest {
  const spec = dockerApi.parseVolumeSpec(text);
  const common = {
    target: targetOf(spec.target, path),
    readOnly: spec.readOnly,
    from: jsonPointer(path),
    spec: text,
  };
  if (spec.kind === "volume") {
    const name = spec.source === undefined ? undefined : volumeName(spec.source, path);
    return { ...common, ...plainVolume, name, noCopy: spec.noCopy, driver: volumeDriver || undefined };
  }
  return {
    ...common,
    type: "bind",
    source: hostPath(spec.source ?? "", path),
    createSource: true,
    propagation: spec.propagation,
    recursive: true,
    readOnlyRecursive: "ifPossible",
    relabel: spec.relabel,
  };
}

function fromMount(mount: dockerApi.Mount, path: Path): MountRequest {
  const type = mount.Type ?? "volume";
  const common = {
    target: targetOf(mount.Target ?? "", [...path, "Target"]),
    readOnly: mount.ReadOnly ?? false,
    from: jsonPointer(path),
  };
  refuseForeignOptions(mount, type, path);
  switch (type) {
    case "bind":
      return { ...common, ...bindOf(mount, path) };
    case "volume":
      return { ...common, ...volumeOf(mount, path) };
    case "tmpfs":
      if (mount.Source) throw refuse([...path, "Source"], "a tmpfs mount has no source");
      return {
        ...common,
        type,
        sizeBytes: mount.TmpfsOptions?.SizeBytes || undefined,
        mode: mount.TmpfsOptions?.Mode || undefined,
        options: (mount.TmpfsOptions?.Options ?? []).map((words) => words.join("=")),
      };
    case "image":
      if (!mount.Source) throw refuse([...path, "Source"], "an image mount needs the name of an image");
      return {
        ...common,
        readOnly: true,
        type,
        image: mount.Source,
        subpath: subpathOf(mount.ImageOptions?.Subpath, [...path, "ImageOptions", "Subpath"]),
      };
    default:
      throw refuse([...path, "Type"], `mounts of type "${type}" do not exist on Linux`);
  }
}

function bindOf(mount: dockerApi.Mount, path: Path) {
  const options = mount.BindOptions ?? {};
  const readOnlyRecursive = options.ReadOnlyForceRecursive
    ? ("always" as const)
    : options.ReadOnlyNonRecursive
      ? ("never" as const)
      : ("ifPossible" as const);
  return {
    type: "bind" as const,
    source: hostPath(mount.Source ?? "", [...path, "Source"]),
    createSource: options.CreateMountpoint ?? false,
    propagation: options.Propagation || undefined,
    recursive: !(options.NonRecursive ?? false),
    readOnlyRecursive,
  };
}

function volumeOf(mount: dockerApi.Mount, path: Path): VolumeMount {
  const { NoCopy, Subpath, Labels, DriverConfig } = mount.VolumeOptions ?? {};
  return {
    type: "volume",
    name: mount.Source ? volumeName(mount.Source, [...path, "Source"]) : undefined,
    noCopy: NoCopy ?? false,
    subpath: subpathOf(Subpath, [...path, "VolumeOptions", "Subpath"]),
    labels: Labels ?? {},
    driver: DriverConfig?.Name || undefined,
    driverOptions: DriverConfig?.Options ?? {},
  };
}

function fromTmpfs(target: string, options: string): MountRequest {
  const path = ["HostConfig", "Tmpfs", target];
  const words = options.split(",").filter((word) => word !== "");
  return {
    type: "tmpfs",
    target: targetOf(target, path),
    readOnly: words.includes("ro"),
    options: words,
    from: jsonPointer(path),
    spec: options,
  };
}

function fromVolumes(target: string): MountRequest {
  const path = ["Volumes", target];
  return { ...plainVolume, target: targetOf(target, path), readOnly: false, from: jsonPointer(path) };
}

const optionsOf = {
  bind: "BindOptions",
  volume: "VolumeOptions",
  tmpfs: "TmpfsOptions",
  image: "ImageOptions",
} as const;

function refuseForeignOptions(mount: dockerApi.Mount, type: string, path: Path): void {
  for (const [owner, key] of Object.entries(optionsOf)) {
    if (owner !== type && mount[key] !== undefined) {
      throw refuse([...path, key], `${key} must not be specified on mount type "${type}"`);
    }
  }
}

function targetOf(target: string, path: Path): string {
  if (!target.startsWith("/"))
    throw refuse(path, `the path in the container must be absolute, not "${target}"`);
  const clean = posix.normalize(target).replace(/(.)\/$/, "$1");
  if (clean === "/") throw refuse(path, "the path in the container must not be /");
  return clean;
}

/** What is to be seen of a source: where links in it lead is for the one who mounts it to find out. */
function subpathOf(text: string | undefined, path: Path): string | undefined {
  if (!text) return undefined;
  if (text.startsWith("/")) throw refuse(path, `the subpath must be relative, not ${JSON.stringify(text)}`);
  const clean = posix.normalize(text).replace(/\/$/, "");
  if (clean === ".." || clean.startsWith("../"))
    throw refuse(path, `the subpath ${JSON.stringify(text)} leads out of what is mounted`);
  return clean === "." ? undefined : clean;
}

function hostPath(source: string, path: Path): string {
  if (!source.startsWith("/")) throw refuse(path, `the path on the host must be absolute, not "${source}"`);
  return posix.normalize(source);
}

function volumeName(name: string, path: Path): string {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(name)) return name;
  const allowed = 'only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed';
  throw refuse(
    path,
    `"${name}" includes invalid characters for a local volume name, ${allowed}`,
    "to mount a host directory give its absolute path",
  );
}
