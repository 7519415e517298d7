import { TugError } from "../base/index.ts";

/**
 * Whether reading a manifest, index or configuration failed because its bytes are none, or are too many. They are those of its
 * digest, so that it was none when it came, either: it can never have been used, and needs nothing else.
 */
export function isNoDocument(error: unknown): boolean {
  return (
    error instanceof TugError && (error.code.startsWith("OCI_IMAGE_") || error.code === "IMAGE_CONTENT_SIZE")
  );
}
