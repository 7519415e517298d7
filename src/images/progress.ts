import type { Digest } from "../base/index.ts";

/**
 * What happens to a layer: it waits, is downloaded while it is unpacked, is downloaded as a whole, is unpacked from
 * the store, waits for the layers below it, is ready; or it was ready before.
 */
export type LayerStatus = "waiting" | "downloading" | "downloaded" | "extracting" | "complete" | "exists";

/** One step of a pull or load. Steps of one layer come in order, those of different layers side by side. */
export type ProgressEvent = {
  /** Digest of the layer's blob. */
  readonly id: Digest;
  readonly status: LayerStatus;
  /** Bytes of the blob so far, for `downloading` and `extracting`. */
  readonly current?: number;
  /** Bytes of the blob. */
  readonly total?: number;
};

export type OnProgress = (event: ProgressEvent) => void;

/** Between two events of a download are at least so many bytes. */
const step = 512 * 1024;

/** Passes a stream on and reports its progress, the end included. */
export async function* reportProgress(
  source: AsyncIterable<Uint8Array>,
  total: number,
  report: (current: number) => void,
): AsyncGenerator<Uint8Array> {
  let current = 0;
  let reported = -step;
  for await (const chunk of source) {
    current += chunk.length;
    if (current - reported >= step || current === total) {
      reported = current;
      report(current);
    }
    yield chunk;
  }
}
