import { defineErrors } from "../base/index.ts";

/** Failures to find or to keep credentials. */
export const credentialsError = defineErrors("CREDENTIALS", {
  FILE: { kind: "invalid", when: "a file with credentials cannot be read or written, or has wrong types" },
  HELPER: { kind: "invalid", when: "a credential helper fails or gives nothing usable" },
});
