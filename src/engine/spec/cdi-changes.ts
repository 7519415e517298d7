import { lstat } from "node:fs/promises";
import { posix } from "node:path";
import { reasonOf } from "../../base/index.ts";
import {
  type CdiDeviceNode,
  cdiError,
  findEdits,
  type PlacedEdits,
  placeOf,
  readCdiDevices,
} from "../../cdi/index.ts";
import type { Hook, Hooks } from "../../specs/oci-runtime/index.ts";
import { deviceNumbers, type HostDevice } from "./host-devices.ts";
import type { ResolvedMount, ResolvedUser } from "./input.ts";

/** A hook and the place of the device's description that wants it. */
export type PlacedHook = { readonly kind: keyof Hooks; readonly hook: Hook; readonly from: string };

/** What the CDI devices of a container change in its configuration. */
export type CdiChanges = {
  readonly env: readonly string[];
  readonly mounts: readonly ResolvedMount[];
  readonly devices: readonly HostDevice[];
  readonly hooks: readonly PlacedHook[];
  readonly groups: readonly number[];
};

/** Those of a container without CDI devices. */
export const noCdiChanges: CdiChanges = { env: [], mounts: [], devices: [], hooks: [], groups: [] };

export type CdiRequest = {
  /** Full names, such as `vendor.com/class=name`. */
  readonly names: readonly string[];
  readonly directories: readonly string[];
  /** Who owns nodes of which nothing else is said. */
  readonly user: Pick<ResolvedUser, "uid" | "gid">;
};

/**
 * What devices change, as their descriptions and the host's nodes say it now.
 *
 * @throws CDI_DEVICE, CDI_UNSUPPORTED, CDI_NODE
 */
export async function cdiChanges({ names, directories, user }: CdiRequest): Promise<CdiChanges> {
  if (names.length === 0) return noCdiChanges;
  const found = findEdits(await readCdiDevices(directories), names);
  const nodes = found.flatMap((placed) =>
    (placed.edits.deviceNodes ?? []).map((node, index) => {
      const from = placeOf(placed, "deviceNodes", index);
      return completeNode(node, { from, user });
    }),
  );
  return {
    env: found.flatMap(({ edits }) => edits.env ?? []),
    mounts: lastOf(found.flatMap(mountsOf), ({ target }) => target),
    devices: lastOf(await Promise.all(nodes), ({ path }) => path),
    hooks: found.flatMap(hooksOf),
    groups: [...new Set(found.flatMap(({ edits }) => edits.additionalGids ?? []))].filter((gid) => gid !== 0),
  };
}

/** What replaces what is at the same place in a container. */
export function replacing<T>(old: readonly T[], added: readonly T[], placeOf: (each: T) => string): T[] {
  const places = new Set(added.map(placeOf));
  return [...old.filter((each) => !places.has(placeOf(each))), ...added];
}

/** Of several at one place the last, where it stands. */
function lastOf<T>(all: readonly T[], placeOf: (each: T) => string): T[] {
  const last = new Map(all.map((each) => [placeOf(each), each]));
  return all.filter((each) => last.get(placeOf(each)) === each);
}

function mountsOf(placed: PlacedEdits): ResolvedMount[] {
  return (placed.edits.mounts ?? []).map(({ hostPath, containerPath, type, options = [] }, index) => {
    const isBind = options.some((option) => option === "bind" || option === "rbind");
    const other = isBind || type === undefined || type === "" || type === "none" ? undefined : type;
    return {
      target: plainPath(containerPath),
      source: hostPath,
      options,
      from: placeOf(placed, "mounts", index),
      ...(other !== undefined && { type: other }),
    };
  });
}

/** A path in a container without detours and without a slash at its end. */
function plainPath(path: string): string {
  return posix.normalize(path).replace(/(.)\/$/, "$1");
}

function hooksOf(placed: PlacedEdits): PlacedHook[] {
  return (placed.edits.hooks ?? []).map(({ hookName, ...hook }, index) => ({
    kind: hookName,
    hook,
    from: placeOf(placed, "hooks", index),
  }));
}

type Completing = { readonly from: string; readonly user: CdiRequest["user"] };

/**
 * A node of a description with what it leaves out: type and numbers are those of the host's node, which need not be there
 * when a description has them itself.
 */
async function completeNode(node: CdiDeviceNode, { from, user }: Completing): Promise<HostDevice> {
  const hostPath = node.hostPath ?? node.path;
  const isComplete = Boolean(node.type) && ((node.major ?? 0) !== 0 || node.type === "p");
  const host = await hostNode(hostPath).catch((error: unknown) => {
    if (isComplete) return undefined;
    throw noNode(from, hostPath, reasonOf(error));
  });
  const type = (node.type === "u" ? "c" : node.type) || host?.type;
  if (type === undefined) throw noNode(from, hostPath, "there is no device node");
  if (!isComplete && type !== host?.type) {
    throw noNode(from, hostPath, `it is of type ${host?.type ?? "unknown"} and not ${type}`);
  }
  const numbers = (node.major ?? 0) !== 0 ? node : host;
  const access = node.permissions === "none" ? "" : node.permissions || "rwm";
  return {
    path: plainPath(node.path),
    type,
    major: numbers?.major ?? 0,
    minor: numbers?.minor ?? 0,
    mode: (node.fileMode ?? host?.mode ?? 0o666) & 0o7777,
    uid: node.uid ?? user.uid,
    gid: node.gid ?? user.gid,
    access: type === "p" ? "" : access,
    from,
  };
}

async function hostNode(
  path: string,
): Promise<Pick<HostDevice, "type" | "major" | "minor" | "mode"> | undefined> {
  const status = await lstat(path);
  const mode = status.mode & 0o7777;
  if (status.isFIFO()) return { type: "p", major: 0, minor: 0, mode };
  if (!status.isBlockDevice() && !status.isCharacterDevice()) return undefined;
  return { type: status.isBlockDevice() ? "b" : "c", ...deviceNumbers(status.rdev), mode };
}

function noNode(from: string, path: string, reason: string): Error {
  return cdiError("NODE", `cannot add ${from}: ${path}: ${reason}`, {
    hint: "look whether the device's driver is loaded: ls -l /dev",
    details: { path },
  });
}
