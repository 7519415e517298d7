import { errnoOf, messageOf, type TugError } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { readBody } from "./body.ts";
import type { HttpResponse } from "./http.ts";
import { isUnreachable, parseRetryAfter } from "./retry.ts";

/** What a request was for: `verb` and `object` make "cannot pull docker.io/library/debian:latest". */
export type Purpose = { readonly verb: string; readonly object: string; readonly registry: string };

const loadHint = "check the network, or load the image from an archive with tug load";

/** The error for an exchange that broke or never began. Errors that are ours already pass through. */
export function transportFailure(purpose: Purpose, cause: unknown): unknown {
  const errno = errnoOf(cause);
  if (errno === undefined) return cause;
  const { verb, object, registry } = purpose;
  const reason = reasonOf(cause);
  const details = { reference: object, registry };
  if (isUnreachable(cause)) {
    const message = `cannot ${verb} ${object}: registry ${registry} cannot be reached: ${reason}`;
    return imageError("REGISTRY_UNREACHABLE", message, { hint: loadHint, cause, details });
  }
  if (errno === "ETIMEDOUT") {
    const message = `cannot ${verb} ${object}: registry ${registry} does not answer: ${reason}`;
    return imageError("REGISTRY_TIMEOUT", message, { hint: loadHint, cause, details });
  }
  const isCertificate = /CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO/.test(errno);
  const hint = isCertificate
    ? "trust the registry's certificate authority on this machine"
    : /^HPE_|EPROTO|ERR_SSL/.test(errno)
      ? "check the port: a registry speaks https, except on this machine's loopback addresses"
      : loadHint;
  const message = `cannot ${verb} ${object}: the connection to registry ${registry} failed: ${reason}`;
  return imageError(isCertificate ? "REGISTRY_CERTIFICATE" : "REGISTRY_PROTOCOL", message, {
    hint,
    cause,
    details,
  });
}

/** The error for an answer that is not what was asked for. Reads the body. */
export async function statusFailure(
  purpose: Purpose,
  response: HttpResponse,
  now: number,
): Promise<TugError> {
  const { verb, object, registry } = purpose;
  const { status } = response;
  const said = await readReason(response);
  const reason = `registry ${registry} answered ${status}${said === "" ? "" : ` (${said})`}`;
  const message = `cannot ${verb} ${object}: ${reason}`;
  const details = { reference: object, registry, status, reason: said };
  switch (status) {
    case 401:
      return imageError("REGISTRY_UNAUTHORIZED", message, {
        hint: "check the name: the repository does not exist, or you must log in to it",
        details,
      });
    case 403:
      return imageError("REGISTRY_DENIED", message, {
        hint: `use an account that may ${verb === "push" ? "write to" : "read"} this repository`,
        details,
      });
    case 404:
      return imageError("REGISTRY_NOT_FOUND", message, { hint: "check the name and the tag", details });
    case 429: {
      const wait = parseRetryAfter(response.header("retry-after"), now);
      const hint =
        wait === undefined || wait <= 0
          ? "try again later, or log in"
          : `try again in ${Math.ceil(wait / 1000)} seconds, or log in`;
      return imageError("REGISTRY_LIMIT", message, { hint, details });
    }
    default:
      return status >= 500
        ? imageError("REGISTRY_FAILED", message, { hint: "try again later", details })
        : imageError("REGISTRY_PROTOCOL", message, { details });
  }
}

/** The error for an answer that makes no sense. */
export function protocolFailure(purpose: Purpose, reason: string): TugError {
  const { verb, object, registry } = purpose;
  return imageError("REGISTRY_PROTOCOL", `cannot ${verb} ${object}: registry ${registry}: ${reason}`, {
    details: { reference: object, registry },
  });
}

/**
 * The codes and sentences of a registry's error document, as one line of at most 200 printable characters.
 * Source: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
async function readReason(response: HttpResponse): Promise<string> {
  let text: string;
  try {
    text = (await readBody(response, 64 * 1024, "the answer")).toString();
  } catch {
    response.body.destroy();
    return "";
  }
  try {
    const { errors, details } = JSON.parse(text) as { errors?: unknown; details?: unknown };
    const list = Array.isArray(errors) ? errors : [{ message: details }];
    return printable(list.map(({ code, message }) => [code, message].filter(Boolean).join(": ")).join(", "));
  } catch {
    return "";
  }
}

function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]+/g, " ").trim();
  return clean.length > 200 ? `${clean.slice(0, 200)}...` : clean;
}

/** Node gives the error of several addresses an empty message. */
function reasonOf(cause: unknown): string {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return messageOf(first).split("\n")[0] ?? "";
}
