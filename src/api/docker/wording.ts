import { messageOf, plainError, TugError } from "../../base/index.ts";
import type { dockerApi } from "../../specs/index.ts";

/**
 * The sentence of a failure in the words that Docker's clients show and look for: the stock client pulls an image after a
 * 404, and picks exit code 126 or 127 by words in the sentence.
 */
export function wordingOf(error: unknown): string {
  if (!(error instanceof TugError)) return messageOf(error);
  const { kind, details } = error;
  if (kind === "notFound" && typeof details.container === "string")
    return `No such container: ${details.container}`;
  if (kind === "notFound" && typeof details.image === "string") return `No such image: ${details.image}`;
  if (kind === "notFound" && typeof details.exec === "string")
    return `No such exec instance: ${details.exec}`;
  if (kind === "conflict" && typeof details.containerName === "string") {
    const { containerName, usedBy } = details;
    return `Conflict. The container name "/${containerName}" is already in use by container "${usedBy}". You have to remove (or rename) that container to be able to reuse that name.`;
  }
  if (typeof details.logDriver === "string")
    return `logger: no log driver named '${details.logDriver}' is registered`;
  if (typeof details.exitCode === "number" && typeof details.reason === "string") {
    return error.message.includes(details.reason) ? error.message : `${error.message}: ${details.reason}`;
  }
  return error.message;
}

/** The body that reports a failure. `tug` is for clients that know it; others ignore it. */
export function errorBodyOf(thrown: unknown): dockerApi.ErrorBody {
  const error = plainError(thrown);
  const message = wordingOf(error);
  if (!(error instanceof TugError)) return { message };
  const { kind, code, hint, details } = error;
  return { message, tug: { kind, code, hint, details } };
}
