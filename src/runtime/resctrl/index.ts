export { type ResctrlGroup, resctrlGroup, schemataText } from "./group.ts";
