import { defaultMounts, type MountSource } from "../../runtime/index.ts";
import type { Mount } from "../../specs/oci-runtime/index.ts";
import type { ResolvedMount, SpecInput } from "./input.ts";
import { runsSystemd, systemdMounts } from "./systemd.ts";

const DEFAULT_SHM = 64 * 1024 * 1024;

/** The file systems of a container: the default ones, then what was asked for, parents before children. */
export function specMounts(input: SpecInput): Mount[] {
  const { request } = input;
  const asked = new Set(input.mounts.map(({ target }) => target));
  const base = defaultMounts
    .filter(({ destination }) => !asked.has(destination))
    .map((mount) => adapt(mount, input));
  const booting = systemdMounts(input).filter(({ target }) => !asked.has(target));
  const wanted = [...booting, ...input.mounts].sort((a, b) => depth(a.target) - depth(b.target));
  const mounts = base.filter((mount) => mount !== undefined);
  for (const mount of wanted) {
    input.origins.note(`/mounts/${mounts.length}`, mount.from);
    mounts.push(toSpec(mount));
  }
  if (request.shmSizeBytes !== undefined) {
    const shm = mounts.findIndex(({ destination }) => destination === "/dev/shm");
    input.origins.note(`/mounts/${shm}`, request.from.shmSizeBytes);
  }
  return mounts;
}

/** A default mount as this container needs it. */
function adapt(mount: Mount, { request, hasMessageQueues }: SpecInput): Mount | undefined {
  const { ipc, pid } = request.namespaces;
  if (mount.destination === "/dev/shm") {
    if (ipc?.mode === "host") return hostBind(mount);
    if (ipc?.mode === "none") return undefined;
    return { ...mount, options: [...(mount.options ?? []), `size=${request.shmSizeBytes ?? DEFAULT_SHM}`] };
  }
  if (mount.destination === "/dev/mqueue" && ipc?.mode === "host") {
    // A machine need not have one: then neither has the container.
    return hasMessageQueues ? hostBind(mount) : undefined;
  }
  if (mount.destination === "/proc" && pid?.mode === "host") return hostBind(mount);
  // Its own part of the hierarchy that has one view for all controllers; systemd knows no other any more.
  if (mount.type === "cgroup" && runsSystemd(request)) return { ...writableMount(mount), type: "cgroup2" };
  const writable = request.security.privileged && (mount.type === "sysfs" || mount.type === "cgroup");
  return writable ? writableMount(mount) : mount;
}

function writableMount(mount: Mount): Mount {
  return { ...mount, options: (mount.options ?? []).filter((option) => option !== "ro") };
}

/** The host's own instance instead of a new one. */
function hostBind({ destination, options }: Mount): Mount {
  const flags = (options ?? []).filter((option) => ["nosuid", "noexec", "nodev"].includes(option));
  return { destination, type: "bind", source: destination, options: ["rbind", ...flags] };
}

/** Where the mounts come from for which config.json has no words. */
export function mountSources(mounts: readonly ResolvedMount[]): Map<string, MountSource> {
  return new Map(
    mounts.flatMap(({ target, layers, subpath }) =>
      layers === undefined ? [] : [[target, { layers, subpath }] as const],
    ),
  );
}

/** A mount as config.json has it. */
export function toSpec({
  target,
  source,
  layers = [],
  subpath,
  options,
  type = "bind",
}: ResolvedMount): Mount {
  if (layers.length > 1) {
    const lower = `lowerdir=${layers.join(":")}`;
    const own = options.filter((option) => option !== "bind");
    return { destination: target, type: "overlay", source: "overlay", options: [...own, lower] };
  }
  if (source !== undefined && subpath !== undefined) {
    return { destination: target, type, source: `${source}/${subpath}`, options };
  }
  if (source === undefined) return { destination: target, type: "tmpfs", source: "tmpfs", options };
  return { destination: target, type, source, options };
}

function depth(path: string): number {
  return path.split("/").filter((step) => step !== "").length;
}
