import { lstat, readdir, stat } from "node:fs/promises";
import { errnoOf, reasonOf, TugError } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { DeviceRequest } from "../model/create-request.ts";

/** A device node that a container gets. */
export type HostDevice = {
  readonly path: string;
  /** `p` is a FIFO, which has no numbers. */
  readonly type: "c" | "b" | "p";
  readonly major: number;
  readonly minor: number;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Some of r, w and m; empty: no rule is made for it. */
  readonly access: string;
  /** Place in the create body or in a device's description; undefined for a privileged container's devices. */
  readonly from: string | undefined;
};

/** Entries of /dev that belong to one container, or that a container has of its own. */
const ownEntries = new Set(["pts", "shm", "fd", "mqueue", "console", "ptmx", ".lxc", ".lxd-mounts", ".udev"]);

/** The nodes that a `--device` names: one, or all below a directory. */
export async function requestedDevices(request: DeviceRequest): Promise<HostDevice[]> {
  const { pathOnHost, pathInContainer, permissions, from } = request;
  const found = await devicesBelow(pathOnHost, pathInContainer, { access: permissions, from });
  if (found.length > 0) return found;
  throw refuse(pathOnHost, from, "there is no device node");
}

/** Every device node of the host, for a privileged container. */
export async function allHostDevices(): Promise<HostDevice[]> {
  const names = await readdir("/dev");
  const lists = await Promise.all(
    names
      .filter((name) => !ownEntries.has(name))
      .map((name) => devicesBelow(`/dev/${name}`, `/dev/${name}`, { access: "rwm", from: undefined })),
  );
  return lists.flat();
}

/** A link is followed only where it was named: below a directory it could lead out of it. */
type Grant = { access: string; from: string | undefined; below?: true };

async function devicesBelow(path: string, inside: string, grant: Grant): Promise<HostDevice[]> {
  const { below, ...granted } = grant;
  try {
    const status = await (below ? lstat(path) : stat(path));
    if (status.isDirectory()) {
      const names = await readdir(path);
      const lists = names.map((name) =>
        devicesBelow(`${path}/${name}`, `${inside}/${name}`, { ...grant, below: true }),
      );
      return (await Promise.all(lists)).flat();
    }
    if (!status.isCharacterDevice() && !status.isBlockDevice()) return [];
    return [
      {
        path: inside,
        type: status.isBlockDevice() ? "b" : "c",
        ...deviceNumbers(status.rdev),
        mode: status.mode & 0o7777,
        uid: status.uid,
        gid: status.gid,
        ...granted,
      },
    ];
  } catch (error) {
    // A privileged container takes what is there; a node that goes away meanwhile is not.
    if (grant.from === undefined && errnoOf(error) !== undefined) return [];
    if (error instanceof TugError) throw error;
    throw refuse(path, grant.from ?? "", reasonOf(error));
  }
}

function refuse(path: string, pointer: string, reason: string): Error {
  return engineError("DEVICE", `cannot add device ${path} (${pointer}): ${reason}`, {
    hint: "look at the host's nodes with: ls -l /dev",
    details: { pointer },
  });
}

/** Source: glibc's sysmacros.h, 64-bit dev_t */
export function deviceNumbers(rdev: number): { major: number; minor: number } {
  const number = BigInt(rdev);
  return {
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & ~0xfffn)),
    minor: Number((number & 0xffn) | ((number >> 12n) & ~0xffn)),
  };
}
