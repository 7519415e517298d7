export {
  connectSystemd,
  isNameTaken,
  type SystemdManager,
  type SystemdSockets,
  type UnitProperty,
  userSockets,
} from "./manager.ts";
export type { DbusValue, Variant } from "./signature.ts";
export { parseVariant } from "./variant-text.ts";
