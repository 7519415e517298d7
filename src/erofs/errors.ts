import { defineErrors } from "../base/index.ts";

/** Raises the failures of the erofs module. */
export const erofsError = defineErrors("EROFS", {
  ENTRY: {
    kind: "invalid",
    when: "a file has something that an EROFS image has no place for, such as an attribute of 64 KiB",
  },
  LIMIT: { kind: "invalid", when: "the index of a layer would be larger than that of an honest one" },
});
