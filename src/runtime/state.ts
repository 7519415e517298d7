import { lifecycleError } from "./errors.ts";

/**
 * What a state directory's state.json holds: everything that start, kill, exec and delete need, and what delete must
 * undo. Written by the helper before the first effect, and again with the pid.
 */
export type StoredState = {
  readonly version: 1;
  readonly ociVersion: string;
  readonly id: string;
  readonly bundle: string;
  readonly rootfs: string;
  /** User id of who made it. */
  readonly owner: number;
  /** /proc/sys/kernel/random/boot_id: a pid of another boot is nobody's. */
  readonly bootId: string;
  readonly groups: readonly StoredGroup[];
  /** The runtime that made it, if that is another one: its processes need not be in each of the groups. */
  readonly handler?: string;
  /** Its place in resctrl, where it was given one. */
  readonly resctrl?: StoredResctrl;
  /** The unit of systemd that the groups belong to. */
  readonly unit?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** 0 until init exists. */
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, decimal. */
  readonly startTime: string;
};

/** A class of service, and the group that counts for the container alone; `isOwn`: the class goes with the container. */
export type StoredResctrl = {
  /** Where resctrl is mounted. */
  readonly root: string;
  readonly path: string;
  readonly isOwn: boolean;
  readonly monitoring?: string;
};

/** A control group that was made for the container. */
export type StoredGroup = {
  readonly path: string;
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
};

/**
 * Reads a state file.
 *
 * @param path for the error
 * @throws CONTAINER_STATE when it is not what the helper writes
 */
export function parseStoredState(text: string, path: string): StoredState {
  const damaged = (reason: string): Error =>
    lifecycleError("STATE", `cannot read ${path}: ${reason}`, {
      hint: "remove what is left of the container with: tug-oci delete --force",
    });
  let value: Partial<StoredState>;
  try {
    value = JSON.parse(text) as Partial<StoredState>;
  } catch {
    throw damaged("it is not JSON");
  }
  if (value.version !== 1) throw damaged(`version ${value.version} is not known`);
  const { id, bundle, rootfs, bootId, startTime, groups, pid } = value;
  const texts = [id, bundle, rootfs, bootId, startTime].every((member) => typeof member === "string");
  if (!texts || !Array.isArray(groups) || !Number.isSafeInteger(pid) || !/^\d+$/.test(startTime ?? "")) {
    throw damaged("members are missing");
  }
  return value as StoredState;
}
