import { defineErrors, errnoOf, messageOf, TugError } from "../../../base/index.ts";

/** What can go wrong between a client and an engine. Failures that the engine reports keep the engine's code. */
export const clientError = defineErrors("CLIENT", {
  UNREACHABLE: { kind: "unavailable", when: "nothing listens on the engine's socket" },
  FORBIDDEN: { kind: "forbidden", when: "the caller may not open the engine's socket" },
  BROKEN: { kind: "unavailable", when: "the connection ended in the middle of an answer or of output" },
  CANCELED: { kind: "canceled", when: "the caller aborted a request" },
  ANSWER: { kind: "internal", when: "an answer of the engine is not what the protocol says" },
});

/** The failure that a caller sees for one of the connection. Failures that are ours already stay as they are. */
export function translateFailure(error: unknown, socketPath: string): unknown {
  if (error instanceof TugError) return error;
  if (error instanceof Error && error.name === "AbortError") return canceled(error);
  const errno = errnoOf(error);
  const options = { cause: error, details: { socket: socketPath } };
  const place = `cannot connect to the engine at ${socketPath}`;
  if ((error as NodeJS.ErrnoException).syscall === "connect") {
    if (errno === "EACCES" || errno === "EPERM")
      return clientError("FORBIDDEN", `${place}: permission denied`, options);
    return clientError("UNREACHABLE", `${place}: nothing listens there`, options);
  }
  if (errno === undefined || !brokenConnection.has(errno)) return error;
  return clientError("BROKEN", `lost the connection to the engine: ${messageOf(error)}`, options);
}

/** What a caller sees that has aborted a call. */
export function canceled(cause?: unknown): TugError {
  return clientError("CANCELED", "the request was canceled", { cause });
}

const brokenConnection = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ERR_STREAM_PREMATURE_CLOSE"]);
