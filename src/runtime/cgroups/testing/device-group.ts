import type { CgroupWrite } from "../writes.ts";
import type { DeviceRequest } from "./device-interpreter.ts";

type Exception = { type: string; major: string; minor: string; access: string };

/**
 * What a v1 group with these writes lets through.
 * Source: security/device_cgroup.c devcgroup_update_access, match_exception, match_exception_partial
 */
export function legacyGroupAllows(writes: readonly CgroupWrite[], request: DeviceRequest): boolean {
  let allow = true;
  let exceptions: Exception[] = [];
  for (const { file, value } of writes) {
    const allows = file === "devices.allow";
    if (value === "a") {
      allow = allows;
      exceptions = [];
      continue;
    }
    const [type = "", major = "", minor = "", access = ""] = value.split(/[ :]/);
    if (allows === allow) throw new Error(`${file} ${value} withdraws an exception`);
    exceptions.push({ type, major, minor, access });
  }
  const letters = ["m", "r", "w"].filter((_, bit) => request.access & (1 << bit));
  const named = exceptions.filter(
    ({ type, major, minor }) =>
      type === request.type &&
      (major === "*" || Number(major) === request.major) &&
      (minor === "*" || Number(minor) === request.minor),
  );
  if (allow) return !named.some(({ access }) => letters.some((letter) => access.includes(letter)));
  return named.some(({ access }) => letters.every((letter) => access.includes(letter)));
}
