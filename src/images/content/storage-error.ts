import { isFullDisk, messageOf } from "../../base/index.ts";
import { imageError } from "../errors.ts";

/**
 * The error for a failed write into the store: IMAGE_STORAGE_FULL when there is no room, else IMAGE_STORAGE.
 *
 * @param what the object of "cannot store ...", such as `blob sha256:...`
 */
export function storageError(what: string, place: string, cause: unknown) {
  if (isFullDisk(cause)) {
    return imageError("STORAGE_FULL", `cannot store ${what} in ${place}: no space left on the disk`, {
      hint: "free space there, for example by removing images that are not needed",
      cause,
    });
  }
  return imageError("STORAGE", `cannot store ${what} in ${place}: ${messageOf(cause)}`, { cause });
}
