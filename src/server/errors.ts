import { defineErrors } from "../base/index.ts";

/** Failures of the resident process as such. */
export const serverError = defineErrors("SERVER", {
  BUSY: { kind: "conflict", when: "the engine is asked to end while commands are under way" },
  MANAGED: { kind: "conflict", when: "an engine that a service manager runs is asked to make room" },
});
