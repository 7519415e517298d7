import { defineErrors } from "../../base/index.ts";

/** Raises the failures of reading the documents of an image. */
export const documentError = defineErrors("OCI_IMAGE", {
  JSON: { kind: "invalid", when: "a manifest, index or configuration is not JSON, or too large" },
  INVALID: { kind: "invalid", when: "a member of such a document is missing or has a wrong type or value" },
  UNSUPPORTED: {
    kind: "notImplemented",
    when: "a document is of a kind that no container can be made from, such as Docker's schema 1 or an artifact",
  },
});
