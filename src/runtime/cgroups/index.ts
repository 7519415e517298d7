export { legacyDeviceWrites } from "./device-lines.ts";
export { deviceProgram } from "./device-program.ts";
export { containerDeviceRules, type DeviceRule } from "./device-rules.ts";
export type { CgroupWrite } from "./writes.ts";
