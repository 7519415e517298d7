import { type HostFacts, parseCgroup, parseMountinfo } from "../../host/index.ts";

const unified = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
const legacy = [
  "30 23 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw",
  "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct",
  "32 30 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset",
  "33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
  "34 30 0:30 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices",
  "35 30 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids",
  "36 30 0:32 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd",
].join("\n");
const legacyGroups = "6:name=systemd:/\n5:pids:/\n4:devices:/\n3:memory:/own\n2:cpuset:/\n1:cpu,cpuacct:/\n";

/** A made-up machine, so that plans in tests are the same everywhere. */
export function sampleFacts(version: 1 | 2): HostFacts {
  const mounts = parseMountinfo(version === 2 ? unified : legacy);
  return {
    architecture: "x86_64",
    kernel: { release: "6.12.0", major: 6, minor: 12 },
    bootId: "00000000-0000-0000-0000-000000000000",
    boundingCapabilities: 0x1ffffffffffn,
    userNamespace: false,
    mounts,
    cgroupMounts: mounts.filter(({ type }) => type !== "tmpfs"),
    groups: parseCgroup(version === 2 ? "0::/\n" : legacyGroups),
    security: { apparmor: false, selinux: false, seccomp: true },
  };
}
