import { defineErrors } from "../base/index.ts";

/** Failures of writing or checking a plan. */
export const planError = defineErrors("PLAN", {
  VALUE: { kind: "invalid", when: "a value cannot be put into a plan: a NUL byte, too many descriptors" },
  RULE: { kind: "internal", when: "a plan breaks a rule of the verifier; nothing was executed" },
});
