import { defineErrors } from "../base/index.ts";

/** Failures of the `tug-oci` command line itself. */
export const ociCliError = defineErrors("OCI_CLI", {
  FLAG: { kind: "invalid", when: "a flag is unknown, has no value, or a wrong one" },
  USAGE: { kind: "invalid", when: "an argument is missing or too many are given" },
  COMMAND: { kind: "invalid", when: "there is no such command" },
  DESCRIPTOR: { kind: "invalid", when: "a descriptor that the container should get is not open" },
  FILE: { kind: "invalid", when: "a file that a flag names cannot be read" },
  EXISTS: { kind: "conflict", when: "spec would replace a config.json that is there" },
});
