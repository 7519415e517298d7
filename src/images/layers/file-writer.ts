import type { FileHandle } from "node:fs/promises";
import type { Limiter } from "../limiter.ts";

/** So many bytes are collected for one write. */
const batchSize = 1024 * 1024;

/** The disk begins with its part when so many bytes more are written, so that little is left for the end. */
const syncSize = 32 * 1024 * 1024;

/** Writes a file from its beginning to its end, one piece after the other. */
export interface FileWriter {
  /** Bytes so far. */
  readonly size: number;
  /** Takes over a piece. The file may be one batch behind; a write that failed is told by a later call. */
  write(chunk: Uint8Array): Promise<void>;
  /** Writes what is left, and waits until all is on the disk if it is to be durable. */
  end(): Promise<void>;
}

/**
 * While one batch is being written, the next is collected.
 *
 * @param options.durable false: the disk is not waited for
 * @param options.turn for waiting for the disk, each of which keeps one of the few threads that decompression needs, too
 */
export function createFileWriter(
  file: FileHandle,
  { durable, turn }: { durable: boolean; turn: Limiter },
): FileWriter {
  let batch: Uint8Array[] = [];
  let waiting = 0;
  let size = 0;
  let synced = 0;
  let writing = Promise.resolve();
  let syncing: Promise<void> | undefined;
  let failure: unknown;
  function sync(): void {
    synced = size;
    syncing = turn(() => file.datasync())
      .catch((error: unknown) => {
        // The kernel tells it once.
        failure ??= error;
      })
      .finally(() => {
        syncing = undefined;
      });
  }
  async function flush(): Promise<void> {
    await writing;
    const at = size - waiting;
    writing = writeAll(file, batch, at);
    // The next call throws it.
    writing.catch(() => {});
    batch = [];
    waiting = 0;
    if (durable && syncing === undefined && size - synced >= syncSize) sync();
  }
  return {
    get size() {
      return size;
    },
    async write(chunk) {
      batch.push(chunk);
      waiting += chunk.length;
      size += chunk.length;
      if (waiting >= batchSize) await flush();
    },
    async end() {
      await flush();
      await writing;
      await syncing;
      if (failure !== undefined) throw failure;
      if (durable) await turn(() => file.datasync());
    },
  };
}

/** The kernel may take less than it is given. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  for (let at = position; left.length > 0; ) {
    const { bytesWritten } = await file.writev(left, at);
    at += bytesWritten;
    left = skip(left, bytesWritten);
  }
}

function skip(pieces: readonly Uint8Array[], count: number): Uint8Array[] {
  let skipped = 0;
  return pieces.flatMap((piece) => {
    const from = Math.min(Math.max(count - skipped, 0), piece.length);
    skipped += piece.length;
    return from === piece.length ? [] : [piece.subarray(from)];
  });
}
