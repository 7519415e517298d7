import { TugError } from "../base/index.ts";

/**
 * An error as the failure of a larger work: "cannot pull IMAGE: cannot store blob ...". Class, code and hint stay.
 * Errors that name the image already, and those that are not ours, stay as they are.
 */
export function inContext(error: unknown, verb: string, object: string): unknown {
  if (!(error instanceof TugError) || error.details.reference !== undefined) return error;
  return new TugError(error.kind, error.code, `cannot ${verb} ${object}: ${error.message}`, {
    ...(error.hint !== undefined && { hint: error.hint }),
    cause: error,
    details: { ...error.details, reference: object },
  });
}
