import { defineErrors } from "../../base/index.ts";

/** Raises the failures of compiling a system call filter. */
export const seccompError = defineErrors("SECCOMP", {
  CONFLICT: { kind: "invalid", when: "two rules ask for different actions under the same condition" },
  NOTIFY: { kind: "invalid", when: "a profile notifies for a call that tug itself needs after loading it" },
  UNKNOWN: {
    kind: "invalid",
    when: "a call has a name that is not known, and an annotation makes that an error",
  },
  TOO_LONG: { kind: "invalid", when: "the compiled filter has more instructions than the kernel takes" },
});
