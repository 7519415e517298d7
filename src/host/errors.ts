import { defineErrors } from "../base/index.ts";

export const hostError = defineErrors("HOST", {
  ARCHITECTURE: { kind: "notImplemented", when: "tug has no system call tables for this processor" },
  PS_OPTION: { kind: "invalid", when: "an option of ps or a column is unknown" },
});
