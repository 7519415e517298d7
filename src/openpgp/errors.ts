import { defineErrors } from "../base/index.ts";

/** Failures of what is written as OpenPGP has it. */
export const openPgpError = defineErrors("OPENPGP", {
  FORMAT: { kind: "invalid", when: "bytes are no OpenPGP message or key, or one in a form that is not read" },
});

/** The error for bytes that cannot be read. `reason` begins with "it". */
export function unreadable(reason: string) {
  return openPgpError("FORMAT", reason);
}
