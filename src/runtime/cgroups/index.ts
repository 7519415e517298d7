export { legacyDeviceWrites } from "./device-lines.ts";
export { deviceProgram } from "./device-program.ts";
export { containerDeviceRules, type DeviceRule } from "./device-rules.ts";
export {
  type CgroupHierarchy,
  type CgroupLayout,
  callerGroups,
  cgroupLayout,
  hierarchyOf,
  type LayoutInput,
} from "./layout.ts";
export { type ResourceOptions, resourceWrites } from "./resources.ts";
export type { CgroupWrite } from "./writes.ts";
