import { type HostFacts, parseCgroup, parseMountinfo } from "../../host/index.ts";

const mounts = parseMountinfo("30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw");

/** A made-up machine with control groups v2. */
export const unifiedFacts: HostFacts = {
  architecture: "x86_64",
  kernel: { release: "6.12.0", major: 6, minor: 12 },
  bootId: "00000000-0000-0000-0000-000000000000",
  boundingCapabilities: 0x1ffffffffffn,
  userNamespace: false,
  mounts,
  cgroupMounts: mounts,
  groups: parseCgroup("0::/\n"),
  security: { apparmor: false, selinux: false, seccomp: true },
};
