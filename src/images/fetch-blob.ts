import { createHash } from "node:crypto";
import { type Digest, splitDigest, TugError } from "../base/index.ts";
import type { ContentStore, Expected, Ingest } from "./content/content-store.ts";

/**
 * Where blobs come from that the store does not have. Whoever asks with `brief` takes a piece to be valid only until he
 * asks for the next one: a source may give its memory back then, which the collector of garbage would find late and slowly.
 */
export type BlobSource = (
  expected: Expected,
  options: { offset: number; signal: AbortSignal | undefined; brief?: boolean | undefined },
) => AsyncIterable<Uint8Array>;

export type FetchOptions = {
  content: ContentStore;
  source: BlobSource;
  /** Told once, before the first byte: whether the blob is in the store already, and how much of it was kept. */
  onBegin?: (origin: { stored: boolean; kept: number }) => void;
  /** false: the disk is not waited for, see `Ingest.commit`. */
  durable?: boolean;
  /** The blob is in the store only after that. */
  after?: Promise<void> | undefined;
  /** A piece is valid only until the next one is asked for. */
  brief?: boolean;
  signal?: AbortSignal | undefined;
};

/**
 * The bytes of a blob, from the store or from its source, and then into the store on the way: with the last byte
 * taken it is verified and kept. Whoever asks while another one fetches the same blob waits for that.
 *
 * A reader that stops early leaves what came so far for the next attempt.
 */
export async function* fetchBlob(expected: Expected, options: FetchOptions): AsyncGenerator<Uint8Array> {
  const { content, source, onBegin, brief, signal } = options;
  await using ingest = await content.ingest(expected, signal);
  onBegin?.({ stored: ingest === undefined, kept: ingest?.offset ?? 0 });
  if (ingest === undefined) {
    yield* content.read(expected.digest, { signal });
    return;
  }
  yield* ingest.kept();
  yield* fill(ingest, source(expected, { offset: ingest.offset, signal, brief }), options);
}

/** Gets a blob into the store. Damaged bytes of an earlier attempt do no harm. */
export async function storeBlob(expected: Expected, options: FetchOptions): Promise<void> {
  const origin = { kept: 0 };
  const onBegin = (found: { kept: number }) => void Object.assign(origin, found);
  try {
    await storeOnce(expected, { ...options, onBegin });
  } catch (error) {
    if (origin.kept === 0 || !(error instanceof TugError) || error.kind !== "dataLoss") throw error;
    await storeOnce(expected, options);
  }
}

async function storeOnce(expected: Expected, options: FetchOptions): Promise<void> {
  const { content, source, onBegin, signal } = options;
  await using ingest = await content.ingest(expected, signal);
  onBegin?.({ stored: ingest === undefined, kept: ingest?.offset ?? 0 });
  if (ingest === undefined) return;
  const bytes = source(expected, { offset: ingest.offset, signal, brief: true });
  for await (const _ of fill(ingest, bytes, options));
}

/** Passes on what it writes. Bytes of a source that turns out to have the wrong ones are not kept. */
async function* fill(
  ingest: Ingest,
  source: AsyncIterable<Uint8Array>,
  { durable = true, after }: Pick<FetchOptions, "durable" | "after">,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of source) {
      await ingest.write(chunk);
      yield chunk;
    }
    await ingest.commit(after && (() => after), { durable });
  } catch (error) {
    if (error instanceof TugError && error.kind === "dataLoss") await ingest.discard();
    throw error;
  }
}

/** Forgets what an earlier attempt left of a blob. */
export async function forgetKept(content: ContentStore, expected: Expected): Promise<void> {
  await using ingest = await content.ingest(expected);
  await ingest?.discard();
}

/** Removes a stored blob whose bytes are no longer those of its digest. Tells whether it was so. */
export async function removeIfCorrupt(content: ContentStore, digest: Digest): Promise<boolean> {
  const hash = createHash(splitDigest(digest).algorithm);
  for await (const chunk of content.read(digest)) hash.update(chunk);
  return hash.digest("hex") === splitDigest(digest).hex ? false : await content.delete(digest);
}
