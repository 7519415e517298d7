export type { Machine } from "./architectures.ts";
export { compileSeccomp, type SeccompFilter } from "./compile.ts";
export { seccompDigest } from "./digest.ts";
