import type { FileHandle } from "node:fs/promises";
import { freeBytes } from "../base/index.ts";
import type { Limiter } from "./limiter.ts";

/** So many bytes are collected for one write, which is a trip to another thread and back; fewer for the first one. */
const batchSize = 512 * 1024;
const firstSize = 64 * 1024;

/** The disk begins with its part when so many bytes more are written, so that little is left for the end. */
const syncSize = 32 * 1024 * 1024;

/** Writes a file from some place to its end, one piece after the other. */
export interface FileWriter {
  /** Of the file, with what is yet to be written. */
  readonly size: number;
  /** Copies a piece. The file may be two batches behind; a write that failed is told by a later call. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when everything so far is in the file. It may be called while a piece is written. */
  flush(): Promise<void>;
  /** The same, and all is on the disk if that is waited for. Nothing more should come. */
  end(): Promise<void>;
}

export type FileWriterOptions = {
  /** Bytes that the file has already; by default none. */
  readonly offset?: number;
  /**
   * For waiting for the disk, each of which keeps one of the few threads that decompression needs, too; left out: the disk
   * is not waited for.
   */
  readonly turn?: Limiter | undefined;
};

/** While one batch is being written, the next is collected. Both are in memory that is used again and again. */
export function createFileWriter(file: FileHandle, { offset = 0, turn }: FileWriterOptions = {}): FileWriter {
  let batch = Buffer.alloc(0);
  let spare = batch;
  let waiting = 0;
  let written = offset;
  let synced = offset;
  let writing = Promise.resolve();
  let isWriting = false;
  let syncing: Promise<void> | undefined;
  let failure: unknown;
  function sync(turn: Limiter): void {
    synced = written;
    syncing = turn(() => file.datasync())
      .catch((error: unknown) => {
        // The kernel tells it once.
        failure ??= error;
      })
      .finally(() => {
        syncing = undefined;
      });
  }
  async function send(): Promise<void> {
    // Whoever flushes meanwhile may have been the first to go on.
    do await writing;
    while (isWriting);
    if (waiting === 0) return;
    isWriting = true;
    writing = writeAll(file, batch.subarray(0, waiting), written).finally(() => {
      isWriting = false;
    });
    // The next call throws it.
    writing.catch(() => {});
    written += waiting;
    waiting = 0;
    [batch, spare] = [spare, batch];
    if (turn !== undefined && syncing === undefined && written - synced >= syncSize) sync(turn);
  }
  async function flush(): Promise<void> {
    await send();
    await writing;
  }
  return {
    get size() {
      return written + waiting;
    },
    async write(chunk) {
      for (let taken = 0; taken < chunk.length; ) {
        const size = written === offset ? firstSize : batchSize;
        if (batch.length < size) batch = Buffer.allocUnsafeSlow(size);
        const part = chunk.subarray(taken, taken + batch.length - waiting);
        batch.set(part, waiting);
        waiting += part.length;
        taken += part.length;
        if (waiting === batch.length) await send();
      }
    },
    flush,
    async end() {
      await flush();
      for (const each of [batch, spare]) freeBytes(each);
      await syncing;
      if (failure !== undefined) throw failure;
      await turn?.(() => file.datasync());
    },
  };
}

/** The kernel may take less than it is given. */
async function writeAll(file: FileHandle, data: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done);
    done += bytesWritten;
  }
}
