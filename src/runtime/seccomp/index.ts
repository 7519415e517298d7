export { architectureNames, type Machine } from "./architectures.ts";
export { seccompFilter } from "./cached.ts";
export type { SeccompFilter } from "./compile.ts";
export { seccompError } from "./errors.ts";
