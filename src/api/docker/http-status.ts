import { type ErrorKind, plainError, TugError } from "../../base/index.ts";

/** The status of an answer that reports a failure. The only place where a kind becomes a status. */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  notModified: 304,
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  notFound: 404,
  conflict: 409,
  canceled: 499,
  dataLoss: 500,
  internal: 500,
  notImplemented: 501,
  unavailable: 503,
  timeout: 504,
  exhausted: 507,
};

/** The status for anything thrown; what is not a TugError is a defect and gets 500. */
export function statusOf(thrown: unknown): number {
  const error = plainError(thrown);
  return error instanceof TugError ? statusOfKind[error.kind] : 500;
}
