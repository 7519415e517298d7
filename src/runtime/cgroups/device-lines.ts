import { access, accessText, type DeviceRule, isComplete } from "./device-rules.ts";
import { cgroupError } from "./errors.ts";
import type { CgroupWrite } from "./writes.ts";

/** An exception from what a v1 group does by default, for one kind of device. */
type Exception = {
  readonly type: "b" | "c";
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly access: number;
  readonly from: string;
};

/** What a v1 group can express: a default and exceptions from it, of which one has to cover a whole request. */
type Policy = { readonly allow: boolean; readonly from: string; readonly exceptions: readonly Exception[] };

/**
 * Device rules as writes for a new v1 group: first the default, which drops what the group inherited, then the
 * exceptions.
 *
 * The kernel ignores the withdrawal of a part of an exception, and does not withdraw exceptions that a wider rule
 * covers. Here the second is done; the first is an error, as in runc, because ignoring it would leave a device open.
 * Not for use inside a user namespace, where the kernel refuses every such write.
 *
 * Source: security/device_cgroup.c; https://docs.kernel.org/admin-guide/cgroup-v1/devices.html
 * @throws CGROUP_DEVICES
 */
export function legacyDeviceWrites(rules: readonly DeviceRule[]): CgroupWrite[] {
  const { allow, from, exceptions } = policyOf(rules);
  const write = (allowed: boolean, value: string, pointer: string): CgroupWrite => ({
    controller: "devices",
    file: allowed ? "devices.allow" : "devices.deny",
    value,
    from: pointer,
  });
  return [
    write(allow, "a", from),
    ...exceptions.map((each) => {
      const bits = each.access | inherited(each, exceptions);
      const numbers = `${each.major ?? "*"}:${each.minor ?? "*"}`;
      return write(!allow, `${each.type} ${numbers} ${accessText(bits)}`, each.from);
    }),
  ];
}

function policyOf(rules: readonly DeviceRule[]): Policy {
  let policy: Policy = { allow: false, from: "/linux/resources/devices", exceptions: [] };
  for (const rule of rules) {
    if (isComplete(rule)) policy = { allow: rule.allow, from: rule.from, exceptions: [] };
    else policy = { ...policy, exceptions: change(policy, rule) };
  }
  return policy;
}

function change({ allow, exceptions }: Policy, rule: DeviceRule): Exception[] {
  const types = rule.type === "a" ? (["b", "c"] as const) : [rule.type];
  let changed = [...exceptions];
  for (const type of types) {
    const one = { type, major: rule.major, minor: rule.minor, access: rule.access, from: rule.from };
    changed = rule.allow === allow ? withdraw(changed, one) : extend(changed, one);
  }
  return changed;
}

function extend(exceptions: readonly Exception[], added: Exception): Exception[] {
  const same = exceptions.find((each) => covers(each, added) && covers(added, each));
  if (same === undefined) return [...exceptions, added];
  return exceptions.map((each) => (each === same ? { ...added, access: same.access | added.access } : each));
}

function withdraw(exceptions: readonly Exception[], gone: Exception): Exception[] {
  return exceptions.flatMap((each) => {
    if ((each.access & gone.access) === 0 || !overlap(each, gone)) return [each];
    if (!covers(gone, each)) throw hole(each, gone);
    const left = each.access & ~gone.access;
    return left === 0 ? [] : [{ ...each, access: left }];
  });
}

function hole(wide: Exception, narrow: Exception) {
  return cgroupError(
    "DEVICES",
    `cannot use config.json#${narrow.from}: cgroup v1 cannot take a part away from the rule at ${wide.from}`,
    { hint: "put the wider rule first or list the devices one by one", details: { pointer: narrow.from } },
  );
}

function covers(wide: Exception, narrow: Exception): boolean {
  return (
    wide.type === narrow.type &&
    (wide.major === undefined || wide.major === narrow.major) &&
    (wide.minor === undefined || wide.minor === narrow.minor)
  );
}

function overlap(a: Exception, b: Exception): boolean {
  const meet = (x: number | undefined, y: number | undefined) =>
    x === undefined || y === undefined || x === y;
  return a.type === b.type && meet(a.major, b.major) && meet(a.minor, b.minor);
}

/**
 * Reading and writing that wider exceptions add: an open for both must find both in one exception. Where two
 * exceptions only cross, one for a major and one for a minor number, such an open stays denied.
 */
function inherited(exception: Exception, exceptions: readonly Exception[]): number {
  const wider = exceptions.filter((each) => each !== exception && covers(each, exception));
  return wider.reduce((bits, each) => bits | each.access, 0) & (access.READ | access.WRITE);
}
