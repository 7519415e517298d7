import { TugError } from "../base/index.ts";

/**
 * An error as the failure of a larger work: "cannot pull IMAGE: cannot store blob ...". Class, code and hint stay.
 * Errors that name the image already, and those that are not ours, stay as they are.
 */
export function inContext(error: unknown, verb: string, object: string): unknown {
  if (!(error instanceof TugError) || error.details.reference !== undefined) return error;
  const hint =
    error.hint ?? (isDamage(error) ? "what arrived is damaged: try again, or another registry" : undefined);
  return new TugError(error.kind, error.code, `cannot ${verb} ${object}: ${error.message}`, {
    ...(hint !== undefined && { hint }),
    cause: error,
    details: { ...error.details, reference: object },
  });
}

const damages = [
  "IMAGE_ARCHIVE",
  "IMAGE_COMPRESSION",
  "IMAGE_CONTENT_DIGEST",
  "IMAGE_CONTENT_SIZE",
  "IMAGE_DIFF_ID",
  "TAR_ARCHIVE",
];

/** Whether bytes are not what they should be, so that other bytes may be. */
export function isDamage({ code }: TugError): boolean {
  return damages.includes(code);
}
