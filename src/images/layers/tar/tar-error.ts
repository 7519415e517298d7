import { imageError } from "../../errors.ts";

/** The error for an archive that is malformed or that nobody could mean well. */
export function tarError(reason: string) {
  return imageError("ARCHIVE", `cannot read a tar archive: ${reason}`);
}
