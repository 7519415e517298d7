import { defineErrors } from "../base/index.ts";

const fail = defineErrors("TAR", {
  ARCHIVE: {
    kind: "invalid",
    when: "a tar archive is malformed, or means something that nobody could mean well",
  },
});

/** The error for an archive that is malformed or that nobody could mean well. */
export function tarError(reason: string) {
  return fail("ARCHIVE", `cannot read a tar archive: ${reason}`);
}
