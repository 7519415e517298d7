import type { Digest } from "../../base/index.ts";
import type { Descriptor } from "../../specs/index.ts";

/** A blob by which it is checked: a descriptor is one. Without a size only the digest is. */
export type Expected = { readonly digest: Digest; readonly size?: number };

/** A blob that is in the store. */
export type Blob = { readonly digest: Digest; readonly size: number };

export type ReadOptions = {
  /** First byte to read. */
  offset?: number;
  /** The byte before which to stop; by default the end of the blob. */
  end?: number;
  signal?: AbortSignal | undefined;
};

/**
 * Blobs by digest. A blob is in the store whole and verified, or not at all; it never changes.
 *
 * Blobs get in through an *ingest*, which collects bytes until they are verified. There is one ingest per digest at
 * any time: whoever asks for a second one waits for its turn, and by then usually finds the blob there. Bytes of an
 * ingest that ended early stay, across restarts too, and are continued by the next one for that digest.
 *
 * Nothing is deleted unless asked for; what may be deleted is decided by reachability elsewhere.
 */
export interface ContentStore {
  /** The size of a blob in bytes, or undefined when it is not here. */
  size(digest: Digest): Promise<number | undefined>;

  /**
   * The bytes of a blob. The reader holds the file open, so that it ends well even if the blob is deleted meanwhile.
   * Bytes are not verified again: a consumer of a layer checks the diff id, `load` checks the digest.
   * @throws IMAGE_CONTENT_NOT_FOUND
   */
  read(digest: Digest, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /**
   * A small blob as a whole, verified.
   * @param limit the most bytes that the caller takes
   * @throws IMAGE_CONTENT_NOT_FOUND, IMAGE_CONTENT_CORRUPT, IMAGE_CONTENT_SIZE
   */
  load(digest: Digest, limit: number): Promise<Uint8Array>;

  /**
   * Begins, or continues, to collect a blob.
   *
   * @param expected what the bytes must turn out to be; without it the digest is whatever they have, sha256
   * @returns undefined when the blob is in the store already
   */
  ingest(expected: Expected, signal?: AbortSignal): Promise<Ingest | undefined>;
  ingest(expected?: undefined, signal?: AbortSignal): Promise<Ingest>;

  /** Removes a blob; false when it was not there. Readers that have begun are not disturbed. */
  delete(digest: Digest): Promise<boolean>;

  /** Every blob, in no order. Blobs that come or go meanwhile may be listed or not. */
  walk(): AsyncIterable<Blob>;

  /**
   * Replaces the list of images by which other tools find their way in the store.
   *
   * @param options.durable false: the disk is not waited for, and after a power loss the list may be anything
   */
  publish(manifests: readonly Descriptor[], options?: { durable?: boolean }): Promise<void>;

  /** The list that was published last; undefined when it cannot be read. */
  published(): Promise<readonly unknown[] | undefined>;
}

/**
 * The making of one blob. Its scope must dispose of it: that gives the turn to the next one, and keeps the bytes of
 * an ingest with a known digest for another attempt, unless it was committed or discarded.
 */
export interface Ingest extends AsyncDisposable {
  /** How many bytes are there from an earlier attempt; writing goes on behind them. */
  readonly offset: number;

  /** The bytes before `offset`. */
  kept(): AsyncIterable<Uint8Array>;

  /** Bytes that have been written, up to `end` (excluded); to be read before it is disposed of. */
  written(start: number, end: number): AsyncIterable<Uint8Array>;

  /**
   * Takes over a chunk, which is not changed any more. Whether it could be written is told by the next call, at the
   * latest by `commit`.
   * @throws IMAGE_CONTENT_SIZE for more bytes than expected, IMAGE_STORAGE_FULL, IMAGE_STORAGE
   */
  write(chunk: Uint8Array): Promise<void>;

  /** Says what the bytes must turn out to be, for an ingest that was begun without knowing. */
  expect(expected: Expected): Promise<void>;

  /**
   * Verifies the bytes, makes them durable and puts the blob into the store. After a failure nothing is left of it.
   * @param announce is told the blob when it has been verified and nobody can see it yet
   * @param options.durable false: the disk is not waited for, and a power loss may damage the blob
   * @throws IMAGE_CONTENT_SIZE, IMAGE_CONTENT_DIGEST, IMAGE_STORAGE_FULL, IMAGE_STORAGE
   */
  commit(announce?: (blob: Blob) => Promise<void>, options?: { durable?: boolean }): Promise<Blob>;

  /** Throws the bytes away. */
  discard(): Promise<void>;
}
