import { defineErrors } from "../base/index.ts";

/** Failures of the resident process as such. */
export const serverError = defineErrors("SERVER", {
  BUSY: { kind: "conflict", when: "the engine is asked to end while commands are under way" },
});
