import { readFile } from "node:fs/promises";
import { arch, release } from "node:os";
import { defineErrors } from "../base/index.ts";
import { type CgroupMembership, parseCgroup } from "./parsers/cgroup.ts";
import { type MountEntry, parseMountinfo } from "./parsers/mountinfo.ts";

const hostError = defineErrors("HOST", {
  ARCHITECTURE: { kind: "notImplemented", when: "tug has no system call tables for this processor" },
});

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
  /** The caller's mounts. */
  readonly mounts: readonly MountEntry[];
  /** The caller's control groups. */
  readonly groups: readonly CgroupMembership[];
  readonly security: { readonly apparmor: boolean; readonly selinux: boolean; readonly seccomp: boolean };
};

/**
 * Reads the facts; no privilege is needed.
 *
 * @param pid whose mounts, control groups and capabilities count; this process's by default
 */
export async function readHostFacts(pid: number | "self" = "self"): Promise<HostFacts> {
  const [status, mountinfo, cgroup, bootId, modules] = await Promise.all([
    readFile(`/proc/${pid}/status`, "utf8"),
    readFile(`/proc/${pid}/mountinfo`, "utf8"),
    readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => ""),
    readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    readFile("/sys/kernel/security/lsm", "utf8").catch(() => ""),
  ]);
  const [major = 0, minor = 0] = release().split(/[.-]/).map(Number);
  const lsm = modules.trim().split(",");
  return {
    architecture: architectureOf(arch()),
    kernel: { release: release(), major, minor },
    bootId: bootId.trim(),
    boundingCapabilities: BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`),
    mounts: parseMountinfo(mountinfo),
    groups: parseCgroup(cgroup),
    security: {
      apparmor: lsm.includes("apparmor"),
      selinux: lsm.includes("selinux"),
      seccomp: /^Seccomp:/m.test(status),
    },
  };
}

function architectureOf(name: string): Architecture {
  if (name === "x64") return "x86_64";
  if (name === "arm64") return "aarch64";
  throw hostError("ARCHITECTURE", `cannot run on ${name}: only x86_64 and aarch64 are supported`);
}
