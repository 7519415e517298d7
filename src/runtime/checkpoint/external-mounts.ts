import type { MountEntry } from "../../host/index.ts";
import type { Mount, Spec } from "../../specs/oci-runtime/index.ts";
import type { CgroupLayout } from "../cgroups/index.ts";
import { allDevices } from "../defaults/devices.ts";
import { parseMountOptions } from "../planner/mount-options.ts";
import type { ExternalMount } from "./criu-request.ts";

const NULL = "/dev/null";

/** What of a container decides which of its mounts come from outside. */
export type MountSetting = {
  readonly spec: Spec;
  readonly bundle: string;
  /** Destinations of further mounts whose content comes from outside. */
  readonly outside?: readonly string[] | undefined;
};

/**
 * The mounts of a running container whose content is not dumped: bind mounts of its configuration with what is mounted
 * below them, masks, nodes that are bound, control groups. Each is known by its place in the configuration.
 *
 * @param mounts as the container's process has them
 */
export function mountsOfDump(
  { spec, outside = [] }: MountSetting,
  mounts: readonly MountEntry[],
): ExternalMount[] {
  const masked = new Set(spec.linux?.maskedPaths ?? []);
  const nodes = new Set(allDevices(spec.linux?.devices ?? []).map(({ path }) => path));
  const wanted = spec.mounts ?? [];
  const moved = movedBinds(wanted, mounts);
  // In a cgroup namespace the file system itself is mounted, which criu does again.
  const bound = !spec.linux?.namespaces?.some(({ type }) => type === "cgroup");
  return mounts.flatMap(({ id, mountPoint, root, type }): ExternalMount[] => {
    if (mountPoint === "/") return [];
    if (masked.has(mountPoint) && root.endsWith("/null") && type !== "proc")
      return [{ key: mountPoint, val: mountPoint }];
    const known = moved.get(id);
    if (known !== undefined) return [{ key: mountPoint, val: known }];
    const nearest = wanted.findLast(({ destination }) => isBelow(mountPoint, trim(destination)));
    if (nearest !== undefined && (isBind(nearest) || outside.includes(nearest.destination)))
      return [{ key: mountPoint, val: mountPoint }];
    if (nearest?.type === "cgroup" || nearest?.type === "cgroup2")
      return bound && type.startsWith("cgroup") ? [{ key: mountPoint, val: mountPoint }] : [];
    return nodes.has(mountPoint) ? [{ key: mountPoint, val: mountPoint }] : [];
  });
}

/** What of the host is needed to say where mounts come from. */
export type RestoredHost = {
  /** What is mounted below the source of a recursive bind mount is part of it. */
  readonly mounts: readonly MountEntry[];
  readonly cgroups: CgroupLayout | undefined;
  /** What files are masked with. */
  readonly mask: string;
  /** Where mounts come from that are put together for the container, by their destinations. */
  readonly views?: ReadonlyMap<string, string>;
};

/** Where on the host the mounts come from when a container is restored, by their names in the dump. */
export function mountsOfRestore(
  { spec, bundle }: MountSetting,
  { mounts, cgroups, mask, views = new Map() }: RestoredHost,
): ExternalMount[] {
  const found = (spec.mounts ?? []).flatMap((mount): ExternalMount[] => {
    const { destination, source = "", type } = mount;
    const place = trim(destination);
    if (type === "cgroup" || type === "cgroup2") return groupMounts(place, cgroups);
    const view = views.get(destination);
    if (view !== undefined) return [{ key: place, val: view }];
    if (!isBind(mount)) return [];
    const from = trim(source.startsWith("/") ? source : `${bundle}/${source}`);
    const below = isRecursive(mount) ? mounts.map(({ mountPoint }) => mountPoint) : [];
    return [
      { key: place, val: from },
      ...below
        .filter((path) => path !== from && isBelow(path, from))
        .map((path) => ({ key: `${place}${path.slice(from === "/" ? 0 : from.length)}`, val: path })),
    ];
  });
  const nodes = allDevices(spec.linux?.devices ?? []).map(({ path }) => ({ key: path, val: path }));
  const masks = (spec.linux?.maskedPaths ?? []).map((path) => ({ key: trim(path), val: mask }));
  // In dumps that runc has made every mask has that name.
  const known = new Map(
    [...nodes, ...masks, { key: NULL, val: mask }, ...found].map(({ key, val }) => [key, val]),
  );
  return [...known].map(([key, val]) => ({ key, val }));
}

/**
 * Bind mounts that lie elsewhere than their destination says, because a link of the image leads there: by the number of
 * the mount. They are told by the last step of the path, in the order in which they were made.
 */
function movedBinds(wanted: readonly Mount[], mounts: readonly MountEntry[]): ReadonlyMap<number, string> {
  const places = new Set(mounts.map(({ mountPoint }) => mountPoint));
  const destinations = new Set(wanted.map(({ destination }) => trim(destination)));
  const moved = new Map<number, string>();
  for (const mount of wanted) {
    const place = trim(mount.destination);
    if (!isBind(mount) || places.has(place)) continue;
    const found = mounts.find(
      ({ id, mountPoint }) =>
        !moved.has(id) && !destinations.has(mountPoint) && lastStep(mountPoint) === lastStep(place),
    );
    if (found !== undefined) moved.set(found.id, place);
  }
  return moved;
}

function groupMounts(place: string, layout: CgroupLayout | undefined): ExternalMount[] {
  const unified = layout?.version === "v2";
  return (layout?.hierarchies ?? [])
    .filter(({ version }) => version === (unified ? 2 : 1))
    .map(({ mount, path }) => ({
      key: unified ? place : `${place}/${lastStep(mount)}`,
      val: trim(`${mount}/${path}`),
    }));
}

function isBind({ type, options = [] }: Mount): boolean {
  return type === "bind" || parseMountOptions(options).bind !== "no";
}

function isRecursive({ options = [] }: Mount): boolean {
  return parseMountOptions(options).bind === "recursive";
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === "/" || path.startsWith(`${directory}/`);
}

function trim(path: string): string {
  return path.replace(/\/{2,}/g, "/").replace(/(.)\/$/, "$1");
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
