export {
  type CdiDevice,
  type CdiDevices,
  readCdiDevices,
  usualCdiDirectories,
} from "./directories.ts";
export { cdiError } from "./errors.ts";
export { findEdits, type PlacedEdits, placeOf } from "./find-edits.ts";
export type { CdiDeviceNode, CdiEdits, CdiSpec } from "./schema.ts";
