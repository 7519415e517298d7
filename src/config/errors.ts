import { defineErrors } from "../base/index.ts";

/** Failures of the file in which the machine's administrator says what the engine is to be like. */
export const configError = defineErrors("CONFIG", {
  FILE: { kind: "invalid", when: "the configuration file cannot be read or trusted, or has a wrong member" },
});
