import type { ImageSignature } from "../../signatures/index.ts";

/** Whether two signatures are the same bytes. */
export function isSame(one: ImageSignature, other: ImageSignature): boolean {
  return one.signature === other.signature && Buffer.from(one.payload).equals(other.payload);
}
