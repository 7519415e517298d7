export {
  defaultCapabilities,
  defaultDeviceRules,
  defaultMaskedPaths,
  defaultMounts,
  defaultNamespaces,
  defaultReadonlyPaths,
  thermalThrottlePath,
} from "./container.ts";
export { allDevices, runtimeDeviceRules, runtimeDevices } from "./devices.ts";
export { defaultSeccomp, type ProfileInput } from "./seccomp-profile.ts";
export { defaultSpec, rootlessSpec } from "./spec.ts";
