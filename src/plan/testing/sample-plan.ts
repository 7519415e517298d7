import { NO_SLOT, type Slot } from "../field.ts";
import { cloneFlags, propagationFlags } from "../flags.ts";
import type { Op } from "../ops.ts";
import type { Plan } from "../plan.ts";

const from = "sample";
const slot = (number: number): Slot => number as Slot;

/** Slots of the sample plan by what they hold. */
export const sampleSlots = {
  start: slot(0),
  status: slot(1),
  group: slot(2),
  network: slot(3),
  bind: slot(4),
  rootMount: slot(5),
  socket: slot(6),
  root: slot(7),
  none: NO_SLOT,
} as const;

const s = sampleSlots;

/**
 * A plan that follows every rule and in which every rule finds something to look at. Lists are fresh arrays, so that a
 * test may change them.
 */
export function samplePlan(): { host: Op[]; stage: Op[]; init: Op[] } & Plan {
  return { host: sampleHost(), stage: sampleStage(), init: sampleInit() };
}

function sampleHost(): Op[] {
  return [
    { op: "directory", from, path: "/run/c", mode: 0o711 },
    { op: "writeFile", from, path: "/run/c/state.json", content: "{}", mode: 0o600 },
    { op: "fifo", from, path: "/run/c/start", out: s.start },
    { op: "fifo", from, path: "/run/c/exec-status", out: s.status },
    { op: "cgroupCreate", from, mount: "/sys/fs/cgroup/pids", path: "/c", out: s.group },
    { op: "cgroupSet", from, group: s.group, file: "pids.max", value: "10" },
    { op: "openNamespace", from, path: "/proc/1/ns/net", kind: cloneFlags.NEWNET, out: s.network },
    { op: "cloneMount", from, path: "/srv", out: s.bind },
    { op: "cloneMount", from, path: "/rootfs", out: s.rootMount },
    { op: "connect", from, path: "/run/console", out: s.socket },
    { op: "runStage", from, fork: 1 },
    { op: "writeFile", from, path: "/run/c/state.json", content: '{"pid":%p}', mode: 0o600 },
    { op: "moveDevice", from, name: "eth0", target: "eth1" },
    { op: "release", from, barrier: 3 },
    { op: "await", from, barrier: 1 },
    { op: "hook", from, path: "/bin/hook", args: ["hook"], env: [], input: "{}" },
    { op: "release", from, barrier: 2 },
    { op: "await", from, barrier: 0xffff },
  ];
}

function sampleStage(): Op[] {
  return [
    { op: "join", from, namespaces: [s.network] },
    { op: "spawn", from, flags: cloneFlags.NEWNS | cloneFlags.NEWPID },
  ];
}

function sampleInit(): Op[] {
  return [
    { op: "await", from, barrier: 3 },
    { op: "cgroupJoin", from, group: s.group, version: 1 },
    { op: "session", from },
    { op: "unshare", from, flags: cloneFlags.NEWCGROUP },
    { op: "propagation", from, propagation: propagationFlags.SLAVE },
    { op: "root", from, path: "/rootfs", mount: s.rootMount, out: s.root },
    { op: "mountFs", from, root: s.root, target: "/dev", type: "tmpfs" },
    { op: "mountFs", from, root: s.root, target: "/dev/pts", type: "devpts" },
    { op: "attach", from, root: s.root, mount: s.bind, target: "/srv" },
    { op: "device", from, root: s.root, path: "/dev/null", type: 0o020000, major: 1, minor: 3, mode: 0o666 },
    { op: "makeDirectory", from, root: s.root, path: "/work", mode: 0o755 },
    { op: "console", from, root: s.root, socket: s.socket },
    { op: "release", from, barrier: 1 },
    { op: "await", from, barrier: 2 },
    { op: "hook", from, path: "/bin/hook", args: ["hook"], env: [], input: "{}" },
    { op: "pivot", from, root: s.root },
    { op: "sysctl", from, key: "net/ipv4/ip_forward", value: "1" },
    { op: "makeDirectory", from, root: s.root, path: "/late", mode: 0o755 },
    { op: "setMount", from, root: s.root, target: "/", set: 1n },
    { op: "readOnly", from, root: s.root, path: "/proc/sys" },
    { op: "mask", from, root: s.root, path: "/proc/kcore" },
    { op: "boundingSet", from, mask: 0n },
    { op: "noNewPrivileges", from },
    { op: "idSwitch", from, uid: 1, gid: 1 },
    { op: "capabilities", from, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
    { op: "workDirectory", from, path: "/" },
    { op: "findProgram", from, program: "sh", path: "/bin" },
    { op: "awaitStart", from, start: s.start, status: s.status },
    { op: "seccomp", from, filter: new Uint8Array(8) },
    { op: "hook", from, path: "/bin/hook", args: ["hook"], env: [], input: "{}" },
    { op: "exec", from, args: ["sh"], env: [] },
  ];
}
