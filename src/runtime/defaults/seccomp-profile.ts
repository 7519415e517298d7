import type { LinuxSeccomp, LinuxSyscall, SeccompArchitecture } from "../../specs/oci-runtime/index.ts";
import type { Machine } from "../seccomp/architectures.ts";
import { callsByCapability, commonCalls } from "./seccomp-calls.ts";

/** What the default profile depends on. */
export type ProfileInput = {
  /** Names in the bounding set of the container. */
  readonly capabilities: readonly string[];
  readonly machine: Machine;
  /** Version of the running kernel, such as [6, 18]. */
  readonly kernel: readonly [major: number, minor: number];
};

const EPERM = 1;
const ENOSYS = 38;
const AF_ALG = 38n;
const AF_VSOCK = 40n;

/** NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. Source: include/uapi/linux/sched.h */
const NAMESPACE_FLAGS = 0x7e020000n;

const architectures: Readonly<Record<Machine, readonly SeccompArchitecture[]>> = {
  x86_64: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
  aarch64: ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
};

const machineCalls: Readonly<Record<Machine, readonly string[]>> = {
  x86_64: ["arch_prctl", "modify_ldt"],
  aarch64: [
    "arm_fadvise64_64",
    "arm_sync_file_range",
    "breakpoint",
    "cacheflush",
    "set_tls",
    "sync_file_range2",
  ],
};

/**
 * The filter of the default container: what is not listed returns EPERM.
 *
 * Namespaces and mounts need CAP_SYS_ADMIN. clone without it must not ask for a namespace; clone3, whose flags a
 * filter cannot see, says ENOSYS, so that libraries fall back to clone. Sockets of the families ALG and VSOCK are
 * refused: one has had too many holes, the other reaches the hypervisor.
 *
 * Source: https://github.com/moby/profiles/blob/seccomp/v0.2.3/seccomp/default_linux.go
 */
export function defaultSeccomp(input: ProfileInput): LinuxSeccomp {
  const key = [input.machine, ...input.kernel, ...input.capabilities].join(" ");
  const profile = profiles.get(key) ?? makeProfile(input);
  if (profiles.size >= MOST) profiles.clear();
  profiles.set(key, profile);
  return profile;
}

/** Equal inputs give the same object: what is worked out from it need not be worked out again. */
const profiles = new Map<string, LinuxSeccomp>();
const MOST = 64;

function makeProfile({ capabilities, machine, kernel }: ProfileInput): LinuxSeccomp {
  const has = new Set(capabilities);
  const byCapability = Object.entries(callsByCapability).flatMap(([name, calls]) =>
    has.has(name) ? calls : [],
  );
  // Before 4.8 a tracer could change a call after the filter had seen it.
  const tracing = atLeast(kernel, [4, 8]) ? ["process_vm_readv", "process_vm_writev", "ptrace"] : [];
  const allowed = new Set([...commonCalls, ...machineCalls[machine], ...tracing, ...byCapability]);
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    architectures: architectures[machine],
    syscalls: [
      { names: [...allowed], action: "SCMP_ACT_ALLOW" },
      ...socketRules,
      ...personalityRules,
      ...(has.has("CAP_SYS_ADMIN") ? [] : cloneRules),
    ],
  };
}

function atLeast(
  [major, minor]: readonly [number, number],
  [wantedMajor, wantedMinor]: readonly [number, number],
) {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function allowWhen(
  name: string,
  op: NonNullable<LinuxSyscall["args"]>[number]["op"],
  value: bigint,
): LinuxSyscall {
  return { names: [name], action: "SCMP_ACT_ALLOW", args: [{ index: 0, value, op }] };
}

const socketRules: readonly LinuxSyscall[] = [
  allowWhen("socket", "SCMP_CMP_LT", AF_ALG),
  allowWhen("socket", "SCMP_CMP_EQ", AF_ALG + 1n),
  allowWhen("socket", "SCMP_CMP_GT", AF_VSOCK),
];

/** LINUX, LINUX32, both with UNAME26, and the question for the current one. Source: personality(2) */
const personalityRules: readonly LinuxSyscall[] = [0x0n, 0x8n, 0x20000n, 0x20008n, 0xffffffffn].map(
  (persona) => allowWhen("personality", "SCMP_CMP_EQ", persona),
);

const cloneRules: readonly LinuxSyscall[] = [
  {
    names: ["clone"],
    action: "SCMP_ACT_ALLOW",
    args: [{ index: 0, value: NAMESPACE_FLAGS, valueTwo: 0n, op: "SCMP_CMP_MASKED_EQ" }],
  },
  { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
];
