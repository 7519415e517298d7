import { jsonPointer } from "../../base/index.ts";
import type { Op } from "../../plan/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";

/** The network devices have moved; a number that no barrier of create.ts has. */
const DEVICES_MOVED = 3;

type Moved = { readonly name: string; readonly target: string; readonly from: string };

/** Before anything is made: a device that is not there is the likeliest of all mistakes. */
export function findDevices(spec: Spec): Op[] {
  return devicesOf(spec).map(({ name, from }) => ({ op: "networkDevice", from, name }));
}

/**
 * Moves devices of the caller's network namespace into the container's, as soon as there is one: hooks and kernel
 * parameters may name them. Nothing takes them back: with the namespace the kernel ends virtual ones and returns
 * the others to the first network namespace.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#network-devices
 */
export function moveDevices(spec: Spec): Op[] {
  const moves: Op[] = devicesOf(spec).map((device) => ({ op: "moveDevice", ...device }));
  return moves.length === 0
    ? []
    : [...moves, { op: "release", from: "/linux/netDevices", barrier: DEVICES_MOVED }];
}

/** The first that init does: what it says before would not be heard. */
export function awaitDevices(spec: Spec): Op[] {
  if (devicesOf(spec).length === 0) return [];
  return [{ op: "await", from: "/linux/netDevices", barrier: DEVICES_MOVED }];
}

function devicesOf({ linux }: Spec): Moved[] {
  return Object.entries(linux?.netDevices ?? {}).map(([name, { name: target = name }]) => ({
    name,
    target,
    from: jsonPointer(["linux", "netDevices", name]),
  }));
}
