import { TugError } from "../../base/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { engineError } from "../errors.ts";

/** The failure of looking at, reading or writing a path in a container, in terms of that path. */
export function pathFailure(error: unknown, { name }: ContainerRecord, path: string): unknown {
  if (!(error instanceof TugError)) return error;
  const { errno, op } = error.details;
  const cause = { cause: error };
  if (op === "openProcess") {
    return engineError("CONTAINER_NOT_RUNNING", `cannot copy: container ${name} has just ended`, {
      ...cause,
      hint: "try again",
    });
  }
  if (errno === "EROFS") {
    return engineError(
      "PATH_READ_ONLY",
      `cannot copy to ${path} in container ${name}: it is read-only`,
      cause,
    );
  }
  // Other failures of unpacking concern a file in the archive, which the sentence names.
  if (op === "unpackTree" && error.details.path !== path) return error;
  if (errno === "ENOENT" || (errno === "ENOTDIR" && op === "statInRoot")) {
    const sentence = `Could not find the file ${path} in container ${name}`;
    return engineError("PATH_NOT_FOUND", sentence, cause);
  }
  if (errno === "ENOTDIR") {
    const sentence = `cannot copy to ${path} in container ${name}: extraction point is not a directory`;
    return engineError("PATH", sentence, cause);
  }
  return error;
}
