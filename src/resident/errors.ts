import { defineErrors } from "../base/index.ts";

/** Failures of reaching the resident engine. */
export const residentError = defineErrors("ENGINE_PROCESS", {
  NOT_ROOT: { kind: "forbidden", when: "an ordinary user asks for an engine, which needs root" },
  START: { kind: "unavailable", when: "the engine's process did not come up" },
});
