import type { Digest } from "../../base/index.ts";

/**
 * One step of a push, of one layer: it is announced, waits, is sent, was sent; or was there, or was taken over from
 * another repository. Sizes are bytes of the blob.
 */
export type PushProgressEvent =
  | { readonly id: Digest; readonly status: "preparing" | "waiting" | "pushed" | "exists" }
  | { readonly id: Digest; readonly status: "mounted"; readonly from: string }
  | { readonly id: Digest; readonly status: "pushing"; readonly current: number; readonly total: number };

export type OnPushProgress = (event: PushProgressEvent) => void;

/** Between two reports are at least so many bytes. */
const step = 512 * 1024;

/** Reports how many bytes were sent, not too often, and the end in any case. Going back is reported at once. */
export function inSteps(report: (bytes: number) => void, total: number): (bytes: number) => void {
  let reported = -step;
  return (bytes) => {
    if (bytes >= reported && bytes - reported < step && bytes !== total) return;
    reported = bytes;
    report(bytes);
  };
}
