import { type ErrorKind, TugError } from "../../../base/index.ts";
import type * as dockerApi from "../../../specs/docker-api/index.ts";

const kinds: Readonly<Record<number, ErrorKind>> = {
  304: "notModified",
  400: "invalid",
  401: "unauthorized",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  499: "canceled",
  500: "internal",
  501: "notImplemented",
  503: "unavailable",
  504: "timeout",
  507: "exhausted",
};

/** The code of failures from engines that do not send one. */
export const FOREIGN_CODE = "ENGINE";

/**
 * The failure that an answer reports: its kind by status, code, hint and details as the engine sent them.
 *
 * @param text the body, `{"message": ...}` or anything
 */
export function errorOfAnswer(status: number, text: string): TugError {
  const kind = kinds[status] ?? (status >= 500 ? "internal" : "invalid");
  const body = readBody(text);
  return errorOfBody(kind, body ?? { message: text.trim() || `the engine answered with status ${status}` });
}

/** The failure that the last line of a progress stream reports, or undefined for an ordinary line. */
export function errorOfProgress(line: dockerApi.ProgressMessage): TugError | undefined {
  const message = line.errorDetail?.message ?? line.error;
  return message === undefined ? undefined : errorOfBody("internal", { message, tug: line.tug });
}

function errorOfBody(byStatus: ErrorKind, { message, tug }: dockerApi.ErrorBody): TugError {
  if (tug === undefined) return new TugError(byStatus, FOREIGN_CODE, message);
  const kind = isKind(tug.kind) ? tug.kind : byStatus;
  const hint = tug.hint === undefined ? {} : { hint: tug.hint };
  return new TugError(kind, tug.code, message, { ...hint, details: tug.details ?? {} });
}

/** Every kind there is; a forgotten one does not compile. */
const everyKind: Readonly<Record<ErrorKind, true>> = {
  canceled: true,
  conflict: true,
  dataLoss: true,
  exhausted: true,
  forbidden: true,
  internal: true,
  invalid: true,
  notFound: true,
  notImplemented: true,
  notModified: true,
  timeout: true,
  unauthorized: true,
  unavailable: true,
};

function isKind(text: string): text is ErrorKind {
  return Object.hasOwn(everyKind, text);
}

function readBody(text: string): dockerApi.ErrorBody | undefined {
  try {
    const body = JSON.parse(text) as Partial<dockerApi.ErrorBody> | null;
    return typeof body?.message === "string" ? (body as dockerApi.ErrorBody) : undefined;
  } catch {
    return undefined;
  }
}
