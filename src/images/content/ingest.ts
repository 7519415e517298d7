import { createHash, type Hash } from "node:crypto";
import { type FileHandle, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Digest, splitDigest, syncDirectory } from "../../base/index.ts";
import { imageError } from "../errors.ts";
import { createFileWriter, type FileWriter } from "../file-writer.ts";
import type { Blob, Expected, Ingest } from "./content-store.ts";
import { readChunks } from "./read-chunks.ts";
import { storageError } from "./storage-error.ts";

/** What an ingest works on. */
export type IngestFile = {
  /** Where the bytes are collected, open for reading and writing. */
  file: FileHandle;
  path: string;
  /** Where a blob with this digest belongs. */
  blobPath: (digest: Digest) => string;
  expected: Expected | undefined;
  /** Gives the turn to the next ingest of the digest. */
  release: () => void;
};

/** `resumable`: the bytes of an attempt that fails are kept for the next one. */
type State = IngestFile & {
  hash: Hash;
  writer: FileWriter;
  done: boolean;
  resumable: boolean;
};

/** An ingest that collects its bytes in a file and continues with those that are there. */
export async function createFileIngest(target: IngestFile): Promise<Ingest> {
  const { expected, file } = target;
  // More bytes than there should be are not the beginning of the blob.
  if ((await file.stat()).size > (expected?.size ?? Number.POSITIVE_INFINITY)) await file.truncate();
  const hash = createHash(algorithmOf(expected));
  const resumable = expected !== undefined;
  const { size: offset } = await file.stat();
  const writer = createFileWriter(file, { offset });
  const state: State = { ...target, hash, writer, done: false, resumable };
  for await (const chunk of readChunks(file)) hash.update(chunk);
  return {
    offset,
    kept: () => readChunks(file, { end: offset }),
    written: (start, end) => written(state, { start, end }),
    write: (chunk) => write(state, chunk),
    expect: (expected) => expect(state, expected),
    commit: (announce, { durable = true } = {}) => commit(state, { announce, durable }),
    discard: () => discard(state),
    [Symbol.asyncDispose]: () => dispose(state),
  };
}

async function write(state: State, chunk: Uint8Array): Promise<void> {
  const { expected, writer } = state;
  if (expected?.size !== undefined && writer.size + chunk.length > expected.size) {
    await discard(state);
    throw imageError(
      "CONTENT_SIZE",
      `cannot store blob ${expected.digest}: more than its ${expected.size} bytes arrived`,
    );
  }
  state.hash.update(chunk);
  try {
    await writer.write(chunk);
  } catch (error) {
    throw await storageFailure(state, error);
  }
}

/** Waits until all bytes are in the file. */
async function settled(state: State, wait = () => state.writer.flush()): Promise<void> {
  try {
    await wait();
  } catch (error) {
    throw await storageFailure(state, error);
  }
}

async function* written(
  state: State,
  { start, end }: { start: number; end: number },
): AsyncGenerator<Uint8Array> {
  await settled(state);
  yield* readChunks(state.file, { start, end: Math.min(end, state.writer.size) });
}

/** Bytes that are there are read again where their digest is of another algorithm than was thought. */
async function expect(state: State, expected: Expected): Promise<void> {
  const algorithm = algorithmOf(expected);
  if (algorithm !== algorithmOf(state.expected)) {
    await settled(state);
    state.hash = createHash(algorithm);
    for await (const chunk of readChunks(state.file, { end: state.writer.size })) state.hash.update(chunk);
  }
  state.expected = expected;
}

function algorithmOf(expected: Expected | undefined): string {
  return expected === undefined ? "sha256" : splitDigest(expected.digest).algorithm;
}

type Commit = { announce: ((blob: Blob) => Promise<void>) | undefined; durable: boolean };

async function commit(state: State, { announce, durable }: Commit): Promise<Blob> {
  const { expected, writer } = state;
  await settled(state, () => writer.end());
  const { size } = writer;
  const digest = `${algorithmOf(expected)}:${state.hash.digest("hex")}` as Digest;
  if (expected?.size !== undefined && size !== expected.size) {
    await discard(state);
    const message = `cannot store blob ${expected.digest}: ${size} of its ${expected.size} bytes arrived`;
    throw imageError("CONTENT_SIZE", message);
  }
  if (expected !== undefined && digest !== expected.digest) {
    await discard(state);
    const message = `cannot store blob ${expected.digest}: the bytes that arrived have digest ${digest}`;
    throw imageError("CONTENT_DIGEST", message);
  }
  await announce?.({ digest, size });
  try {
    if (durable) await state.file.sync();
    await rename(state.path, state.blobPath(digest));
    if (durable) await syncDirectory(dirname(state.blobPath(digest)));
  } catch (error) {
    throw await storageFailure(state, error);
  }
  state.done = true;
  return { digest, size };
}

async function discard(state: State): Promise<void> {
  state.done = true;
  await rm(state.path, { force: true });
}

async function dispose(state: State): Promise<void> {
  await state.writer.end().catch(() => {
    state.resumable = false;
  });
  try {
    await state.file.close();
    if (!state.done && (!state.resumable || state.writer.size === 0)) await discard(state);
  } finally {
    state.release();
  }
}

/** After a failed write the bytes are of no use: a full disk needs the room more. */
async function storageFailure(state: State, cause: unknown) {
  await discard(state);
  const what = state.expected === undefined ? "a blob" : `blob ${state.expected.digest}`;
  return storageError(what, dirname(state.path), cause);
}
