import type { LinuxDevice, LinuxDeviceCgroup } from "../../specs/oci-runtime/index.ts";

const node = (path: string, major: number, minor: number) =>
  ({ path, type: "c", major, minor, fileMode: 0o666, uid: 0, gid: 0 }) as const;

/**
 * Device nodes that a runtime must make whatever the configuration lists. /dev/console, /dev/ptmx and the links into
 * /proc/self/fd are not nodes to make.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/config-linux.md#default-devices
 */
export const runtimeDevices: readonly Required<LinuxDevice>[] = [
  node("/dev/null", 1, 3),
  node("/dev/random", 1, 8),
  node("/dev/full", 1, 7),
  node("/dev/tty", 5, 0),
  node("/dev/zero", 1, 5),
  node("/dev/urandom", 1, 9),
];

const any = (type: "b" | "c"): LinuxDeviceCgroup => ({ allow: true, type, access: "m" });
const character = (major: number, minor?: number): LinuxDeviceCgroup => ({
  allow: true,
  type: "c",
  major,
  ...(minor !== undefined && { minor }),
  access: "rwm",
});

/**
 * Rules that follow those of the configuration, so that they cannot be switched off: nodes may be made for any device,
 * the default ones, the terminals (major 136, ptmx 5:2) and /dev/net/tun (10:200) may be used. runc and crun have
 * the same; runc once dropped tun and took it back, because callers rely on it.
 * Source: https://github.com/opencontainers/runc/blob/v1.5.1/libcontainer/specconv/spec_linux.go AllowedDevices
 */
export const runtimeDeviceRules: readonly LinuxDeviceCgroup[] = [
  any("c"),
  any("b"),
  ...runtimeDevices.map(({ major, minor }) => character(major, minor)),
  character(136),
  character(5, 2),
  character(10, 200),
];

/**
 * The nodes of a container: the configuration's own win over the default ones at the same path.
 */
export function allDevices(configured: readonly LinuxDevice[]): LinuxDevice[] {
  const taken = new Set(configured.map(({ path }) => path));
  return [...runtimeDevices.filter(({ path }) => !taken.has(path)), ...configured];
}
