import { existsSync, readFileSync } from "node:fs";
import { arch, release } from "node:os";
import { cgroupMountsOf } from "./cgroup-mounts.ts";
import { hostError } from "./errors.ts";
import { type CgroupMembership, parseCgroup } from "./parsers/cgroup.ts";
import { type MountEntry, parseMountinfo } from "./parsers/mountinfo.ts";

/** Processor architectures that tug runs on, as uname(2) names them. */
export type Architecture = "x86_64" | "aarch64";

/** What a plan may depend on about this machine: data, so that a plan can be made for any machine. */
export type HostFacts = {
  readonly architecture: Architecture;
  readonly kernel: { readonly release: string; readonly major: number; readonly minor: number };
  /** /proc/sys/kernel/random/boot_id */
  readonly bootId: string;
  /** Capabilities that the caller can hand on. */
  readonly boundingCapabilities: bigint;
  /** This is not the machine's first user namespace. */
  readonly userNamespace: boolean;
  /** The caller's mounts. */
  readonly mounts: readonly MountEntry[];
  /** Those of control groups, without any that others lie over. */
  readonly cgroupMounts: readonly MountEntry[];
  /** The caller's control groups. */
  readonly groups: readonly CgroupMembership[];
  readonly security: { readonly apparmor: boolean; readonly selinux: boolean; readonly seccomp: boolean };
};

/**
 * Reads the facts; no privilege is needed.
 *
 * The files are of the kernel's own making, so reading them waits for nothing; a detour over other threads would take
 * several times as long.
 *
 * @param pid whose mounts, control groups and capabilities count; this process's by default
 */
export async function readHostFacts(pid: number | "self" = "self"): Promise<HostFacts> {
  const mounts = once(() => mountsOf(readFileSync(`/proc/${pid}/mountinfo`, "utf8")));
  const groups = once(() => groupsOf(readOptional(`/proc/${pid}/cgroup`)));
  const cgroupMounts = once(() => cgroupMountsOf({ pid, mounts, groups }));
  return {
    ...machineFacts(),
    boundingCapabilities: pid === "self" ? ownBoundingSet() : boundingSetOf(pid),
    // Read when they are asked for: most of what needs facts needs these not.
    get mounts() {
      return mounts();
    },
    get cgroupMounts() {
      return cgroupMounts();
    },
    get groups() {
      return groups();
    },
  };
}

type MachineFacts = Pick<HostFacts, "architecture" | "kernel" | "bootId" | "security" | "userNamespace">;

/** What stays the same until the machine is booted again. */
const machineFacts = once((): MachineFacts => {
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const lsm = readOptional("/sys/kernel/security/lsm").trim().split(",");
  return {
    architecture: architectureOf(arch()),
    kernel: { release: release(), major, minor },
    bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    userNamespace: !/^\s*0\s+0\s+4294967295\n$/.test(readOptional("/proc/self/uid_map")),
    security: {
      apparmor: lsm.includes("apparmor"),
      selinux: hasSelinux(),
      seccomp: /^Seccomp:/m.test(readFileSync("/proc/self/status", "utf8")),
    },
  };
});

/** Whether SELinux labels processes: its file system is mounted and it has a policy. Source: selinux(8), is_selinux_enabled(3) */
function hasSelinux(): boolean {
  const label = readOptional("/proc/self/attr/current").replace(/[\0\n]+$/, "");
  return existsSync("/sys/fs/selinux/enforce") && label !== "" && label !== "kernel";
}

/** This process drops no capabilities. */
const ownBoundingSet = once(() => boundingSetOf("self"));

function boundingSetOf(pid: number | "self"): bigint {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
}

const mountsOf = forLatest(parseMountinfo);
const groupsOf = forLatest(parseCgroup);

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A parser that does not parse again what it parsed last. */
function forLatest<T>(parse: (text: string) => T): (text: string) => T {
  let latest: { text: string; value: T } | undefined;
  return (text) => {
    if (latest?.text !== text) latest = { text, value: parse(text) };
    return latest.value;
  };
}

function readOptional(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function architectureOf(name: string): Architecture {
  if (name === "x64") return "x86_64";
  if (name === "arm64") return "aarch64";
  throw hostError("ARCHITECTURE", `cannot run on ${name}: only x86_64 and aarch64 are supported`);
}
