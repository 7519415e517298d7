import type { Linux, LinuxDeviceCgroup } from "../../specs/oci-runtime/index.ts";
import { runtimeDeviceRules, runtimeDevices } from "../defaults/index.ts";

/** Access to a device as bits. Source: include/uapi/linux/bpf.h BPF_DEVCG_ACC_ */
export const access = { MKNOD: 1, READ: 2, WRITE: 4 } as const;
export const ALL_ACCESS = 7;

/**
 * A rule for a container's devices. For each of its accesses, the last rule that matches the device decides; where
 * none does, the access is denied.
 */
export type DeviceRule = {
  readonly allow: boolean;
  /** `a` is both. */
  readonly type: "a" | "b" | "c";
  /** Absent: any. */
  readonly major?: number;
  readonly minor?: number;
  /** Bits of `access`. */
  readonly access: number;
  /** JSON pointer of the rule. */
  readonly from: string;
};

/**
 * The rules of a container in their order: those of the configuration, then the runtime's own.
 *
 * As with runc, a node of the configuration at the path of a default one takes the default one's rule away, and a
 * configuration without any rule denies what the runtime's own do not allow.
 */
export function containerDeviceRules(linux: Linux | undefined): DeviceRule[] {
  const configured = linux?.resources?.devices ?? [];
  const paths = new Set(linux?.devices?.map(({ path }) => path));
  const replaced = runtimeDevices.filter(({ path }) => paths.has(path));
  const own = runtimeDeviceRules.filter(
    (rule) => !replaced.some(({ major, minor }) => rule.major === major && rule.minor === minor),
  );
  return [
    ...configured.map((rule, index) => deviceRule(rule, `/linux/resources/devices/${index}`)),
    ...own.map((rule) => deviceRule(rule, "/linux/devices")),
  ].filter(canMatch);
}

function deviceRule(rule: LinuxDeviceCgroup, from: string): DeviceRule {
  const { allow, type = "a", major = -1, minor = -1 } = rule;
  return {
    allow,
    type,
    ...(major >= 0 && { major }),
    ...(minor >= 0 && { minor }),
    access: accessBits(rule.access),
    from,
  };
}

function accessBits(text: string): number {
  return (
    (text.includes("m") ? access.MKNOD : 0) |
    (text.includes("r") ? access.READ : 0) |
    (text.includes("w") ? access.WRITE : 0)
  );
}

/** No device has numbers of more than 12 and 20 bits. Source: include/linux/kdev_t.h MINORBITS */
function canMatch({ major = 0, minor = 0 }: DeviceRule): boolean {
  return major <= 0xfff && minor <= 0xfffff;
}

/** Whether a rule decides about every access to every device. */
export function isComplete({ type, major, minor, access: bits }: DeviceRule): boolean {
  return type === "a" && major === undefined && minor === undefined && bits === ALL_ACCESS;
}

/** The access bits as cgroup v1 writes them. */
export function accessText(bits: number): string {
  return `${bits & access.READ ? "r" : ""}${bits & access.WRITE ? "w" : ""}${bits & access.MKNOD ? "m" : ""}`;
}
