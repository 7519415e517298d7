import { type Mount, OCI_RUNTIME_VERSION, type Spec } from "../../specs/oci-runtime/index.ts";

/**
 * The configuration that `spec` writes: a shell on a terminal in the bundle's `rootfs`, equal in content to that of
 * runc 1.5, with our own host name.
 *
 * @param cgroup2 whether the host's control groups are v2; only there does a cgroup namespace show what it should
 * Source: https://github.com/opencontainers/runc/blob/v1.5.1/libcontainer/specconv/example.go
 */
export function defaultSpec(cgroup2: boolean): Spec {
  const capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
  return {
    ociVersion: OCI_RUNTIME_VERSION,
    process: {
      terminal: true,
      user: { uid: 0, gid: 0 },
      args: ["sh"],
      env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      cwd: "/",
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024n, soft: 1024n }],
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: true },
    hostname: "tug",
    mounts: [...mounts],
    linux: {
      resources: { devices: [{ allow: false, access: "rwm" }] },
      namespaces: [
        { type: "pid" },
        { type: "network" },
        { type: "ipc" },
        { type: "uts" },
        { type: "mount" },
        ...(cgroup2 ? [{ type: "cgroup" } as const] : []),
      ],
      maskedPaths: [
        "/proc/acpi",
        "/proc/asound",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/sys/firmware",
        "/proc/scsi",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
    },
  };
}

const mounts: readonly Mount[] = [
  { destination: "/proc", type: "proc", source: "proc" },
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
  {
    destination: "/dev/shm",
    type: "tmpfs",
    source: "shm",
    options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
  },
  { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"] },
  { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
  {
    destination: "/sys/fs/cgroup",
    type: "cgroup",
    source: "cgroup",
    options: ["nosuid", "noexec", "nodev", "relatime", "ro"],
  },
];

/**
 * The configuration that `spec --rootless` writes: the default one in a user namespace in which the caller is root,
 * with what an ordinary user cannot do taken out: an own network, a mount of sysfs, limits, options that name groups.
 *
 * @param ids of the caller
 * Source: https://github.com/opencontainers/runc/blob/v1.5.1/libcontainer/specconv/example.go ToRootless
 */
export function rootlessSpec(cgroup2: boolean, ids: { uid: number; gid: number }): Spec {
  const { linux, ...spec } = defaultSpec(cgroup2);
  const { resources: _, ...rest } = linux ?? {};
  return {
    ...spec,
    mounts: mounts.map(rootlessMount),
    linux: {
      ...rest,
      uidMappings: [{ containerID: 0, hostID: ids.uid, size: 1 }],
      gidMappings: [{ containerID: 0, hostID: ids.gid, size: 1 }],
      namespaces: [...(rest.namespaces ?? []).filter(({ type }) => type !== "network"), { type: "user" }],
    },
  };
}

function rootlessMount(mount: Mount): Mount {
  if (mount.destination === "/sys") {
    return { ...mount, type: "none", source: "/sys", options: ["rbind", "nosuid", "noexec", "nodev", "ro"] };
  }
  if (mount.options === undefined) return mount;
  return { ...mount, options: mount.options.filter((option) => !/^[ug]id=/.test(option)) };
}
