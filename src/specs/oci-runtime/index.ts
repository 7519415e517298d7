export * from "./constants.ts";
export { MAX_DOCUMENT_SIZE, parseJson, printJson, printSpec } from "./json.ts";
export {
  type ParsedSpec,
  parseProcess,
  parseResources,
  parseSeccomp,
  parseSpec,
  parseSpecValue,
} from "./parse.ts";
export type { SpecWarning } from "./read.ts";
export * from "./state.ts";
export type * from "./types.ts";
export type * from "./types-linux.ts";
export type * from "./types-resources.ts";
export type * from "./types-seccomp.ts";
