import { defineErrors } from "../../base/index.ts";

/** Raises the failures of reading runtime documents. */
export const ociError = defineErrors("OCI", {
  JSON: { kind: "invalid", when: "a configuration, process or resources file is not JSON, or too large" },
  CONFIG: {
    kind: "invalid",
    when: "a value in such a file has a type, or is a value, that the specification or the kernel rules out",
  },
});
