import type { Digest } from "../../base/index.ts";
import type { ContentStore, Expected, Ingest } from "../content/content-store.ts";
import type { Leases } from "../leases.ts";
import { createLimiter } from "../limiter.ts";
import type { ByteRange } from "./range.ts";

export type BlobOrigin = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** Blobs on their way into the store, which can be read while they come. */
export interface Downloads extends AsyncDisposable {
  /**
   * A part of a blob, which is fetched into the store as a whole if nobody fetches it yet. It goes on being fetched when
   * the reader leaves. The last byte is given when all of them have been verified.
   */
  read(
    blob: Required<Expected>,
    from: { origin: BlobOrigin; range: ByteRange; signal: AbortSignal },
  ): AsyncGenerator<Uint8Array>;
}

export type DownloadsOptions = {
  content: ContentStore;
  leases: Leases;
  /** Told when a blob is in the store. */
  onStored: (digest: Digest) => void;
};

/** So many blobs are fetched at once. */
const most = 6;

type Download = {
  /** Where bytes can be read; undefined before there are any, and from when they move into the store. */
  ingest: Ingest | undefined;
  /** Bytes that are there. */
  written: number;
  state: "running" | "stored" | { failure: unknown };
  /** Resolves at the next change of anything here. */
  change: PromiseWithResolvers<void>;
};

export function createDownloads(options: DownloadsOptions): Downloads {
  const limit = createLimiter(most);
  const stop = new AbortController();
  const downloads = new Map<Digest, Download>();
  const works = new Set<Promise<void>>();

  const begin = (blob: Required<Expected>, origin: BlobOrigin): Download => {
    const download: Download = {
      ingest: undefined,
      written: 0,
      state: "running",
      change: Promise.withResolvers(),
    };
    downloads.set(blob.digest, download);
    const work = run(download, { blob, source: origin(stop.signal) }).finally(() => works.delete(work));
    works.add(work);
    return download;
  };

  const run = async (download: Download, { blob, source }: Fetching): Promise<void> => {
    try {
      await limit(() => fetchBlob(options, download, { blob, source }), stop.signal);
      download.state = "stored";
    } catch (failure) {
      download.state = { failure };
    }
    downloads.delete(blob.digest);
    tell(download);
    if (download.state === "stored") options.onStored(blob.digest);
  };

  return {
    async *read(blob, { origin, range, signal }) {
      const download = downloads.get(blob.digest) ?? begin(blob, origin);
      yield* follow(options.content, download, { blob, range, signal });
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error("the registry ends"));
      await Promise.all(works);
    },
  };
}

type Fetching = { blob: Required<Expected>; source: AsyncIterable<Uint8Array> };

/** An ingest without a digest in advance: a pull of this engine may wait for this very download with the digest's own. */
async function fetchBlob(
  { content, leases }: DownloadsOptions,
  download: Download,
  { blob, source }: Fetching,
): Promise<void> {
  using lease = leases.temporary();
  await lease.retain({ kind: "blob", resource: blob.digest });
  await using ingest = await content.ingest();
  await ingest.expect(blob);
  download.ingest = ingest;
  try {
    for await (const chunk of source) {
      await ingest.write(chunk);
      download.written += chunk.length;
      tell(download);
    }
  } finally {
    download.ingest = undefined;
  }
  await ingest.commit();
}

function tell(download: Download): void {
  const { change } = download;
  download.change = Promise.withResolvers();
  change.resolve();
}

type Following = { blob: Required<Expected>; range: ByteRange; signal: AbortSignal };

async function* follow(
  content: ContentStore,
  download: Download,
  { blob, range: { first, last }, signal }: Following,
): AsyncGenerator<Uint8Array> {
  let next = first;
  while (next <= last) {
    signal.throwIfAborted();
    const { change, ingest, state } = download;
    if (state === "stored") {
      yield* content.read(blob.digest, { offset: next, end: last + 1, signal });
      return;
    }
    if (state !== "running") throw state.failure;
    const end = Math.min(download.written, last + 1, blob.size - 1);
    if (ingest === undefined || next >= end) {
      await changed(change.promise, signal);
      continue;
    }
    try {
      for await (const chunk of ingest.written(next, end)) {
        next += chunk.length;
        yield chunk;
      }
    } catch (error) {
      // The file may have been closed since, and what became of it is told by the next change.
      if (download.ingest !== undefined) throw error;
    }
  }
}

async function changed(change: Promise<void>, signal: AbortSignal): Promise<void> {
  const gone = Promise.withResolvers<void>();
  const leave = () => gone.resolve();
  signal.addEventListener("abort", leave, { once: true });
  await Promise.race([change, gone.promise]);
  signal.removeEventListener("abort", leave);
}
