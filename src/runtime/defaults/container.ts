import type { LinuxDeviceCgroup, LinuxNamespace, Mount } from "../../specs/oci-runtime/index.ts";

/**
 * The default container: what Docker gives a container for which nothing else is asked. Facts as of moby 29.7.
 * Source: https://github.com/moby/moby/blob/docker-v29.7.2/daemon/pkg/oci/defaults.go and caps/defaults.go
 */
export const defaultCapabilities: readonly string[] = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FSETID",
  "CAP_FOWNER",
  "CAP_MKNOD",
  "CAP_NET_RAW",
  "CAP_SETGID",
  "CAP_SETUID",
  "CAP_SETFCAP",
  "CAP_SETPCAP",
  "CAP_NET_BIND_SERVICE",
  "CAP_SYS_CHROOT",
  "CAP_KILL",
  "CAP_AUDIT_WRITE",
];

/**
 * Paths that tell about, or reach, the host and are hidden. Paths that do not exist are skipped.
 * `/proc/interrupts` and the powercap tree leak what other tenants do (GHSA-6fw5-f8r9-fgfm, GHSA-jq35-85cj-fj4p).
 */
export const defaultMaskedPaths: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** The directory of a CPU that is masked as well where the host has it, for the same reason as `/proc/interrupts`. */
export function thermalThrottlePath(cpu: number): string {
  return `/sys/devices/system/cpu/cpu${cpu}/thermal_throttle`;
}

/** Paths through which the host could be changed; they can be read. */
export const defaultReadonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/** The file systems below the root. The size of /dev/shm is the caller's to add. */
export const defaultMounts: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev",
    type: "tmpfs",
    source: "tmpfs",
    options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
  },
  {
    destination: "/dev/pts",
    type: "devpts",
    source: "devpts",
    options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
  },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["ro", "nosuid", "noexec", "nodev"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777"],
  },
];

/** `time` is left out where the kernel has no time namespaces; `cgroup` is added where the hierarchy is v2. */
export const defaultNamespaces: readonly LinuxNamespace[] = [
  { type: "mount" },
  { type: "network" },
  { type: "time" },
  { type: "uts" },
  { type: "pid" },
  { type: "ipc" },
];

const character = (allow: boolean, major: number, minor: number): LinuxDeviceCgroup => ({
  allow,
  type: "c",
  major,
  minor,
  access: "rwm",
});

/**
 * What of /dev may be used: zero, null, urandom, random, tty, console. The runtime appends its own rules.
 * The last rule, against /dev/fuse, changes nothing and is kept because clients compare.
 */
export const defaultDeviceRules: readonly LinuxDeviceCgroup[] = [
  { allow: false, access: "rwm" },
  character(true, 1, 5),
  character(true, 1, 3),
  character(true, 1, 9),
  character(true, 1, 8),
  character(true, 5, 0),
  character(true, 5, 1),
  character(false, 10, 229),
];
