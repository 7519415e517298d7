import { messageOf, plainError, TugError } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { ContainerRecord } from "./record.ts";

/** Exit codes of a container whose program could not be executed. Source: docker run's documented exit status */
const exitCodes: Readonly<Record<string, number>> = {
  RUNTIME_PROGRAM_NOT_FOUND: 127,
  RUNTIME_PROGRAM_NOT_EXECUTABLE: 126,
  RUNTIME_WORKDIR: 126,
};

/** The error of a start: what the helper could not do, and for the program itself the exit code that stands for it. */
export function startFailure(thrown: unknown, { name }: ContainerRecord): TugError {
  const error = plainError(thrown);
  if (!(error instanceof TugError)) {
    return engineError("CONTAINER_START", `cannot start container ${name}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const exitCode = exitCodes[error.code];
  if (exitCode === undefined) return error;
  const reason = error.message.slice(error.message.lastIndexOf("): ") + 3);
  return engineError("CONTAINER_START", `cannot start container ${name}: ${error.message}`, {
    details: { ...error.details, exitCode, reason },
    cause: error,
  });
}
