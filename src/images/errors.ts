import { defineErrors } from "../base/index.ts";

/** Raises the failures of the images module. */
export const imageError = defineErrors("IMAGE", {
  REFERENCE: { kind: "invalid", when: "the text is not an image reference" },
});
