import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  createKeyedMutex,
  type Digest,
  errnoOf,
  ifThere,
  isDigest,
  splitDigest,
  syncDirectory,
  writeFileAtomic,
} from "../../base/index.ts";
import { checkLayoutMarker, type Descriptor, imageLayoutVersion, mediaTypes } from "../../specs/index.ts";
import { imageError } from "../errors.ts";
import type { Blob, ContentStore, Expected, Ingest, ReadOptions } from "./content-store.ts";
import { createFileIngest } from "./ingest.ts";
import { loadBlob } from "./load-blob.ts";
import { readChunks } from "./read-chunks.ts";
import { storageError } from "./storage-error.ts";
import { acquireTurn } from "./turn.ts";

const { O_CREAT, O_NOFOLLOW, O_RDWR } = constants;

export type LayoutStoreOptions = {
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Opens the file of an ingest. */
  openFile?: typeof open;
};

/** How long bytes of an unfinished ingest wait for another attempt. */
const keepIngests = 24 * 60 * 60 * 1000;

const algorithms = ["sha256", "sha512"];

/**
 * A content store in a directory that is a valid OCI image layout, which any OCI tool can read, with a directory
 * `ingest` beside it. Only one process may have it open.
 *
 * Source: https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 * @throws OCI_IMAGE_UNSUPPORTED for a directory with another version of the layout
 */
export async function openLayoutStore(root: string, options: LayoutStoreOptions = {}): Promise<ContentStore> {
  await prepareDirectory(root);
  await cleanIngests(join(root, "ingest"), options.now ?? Date.now);
  const openFile = options.openFile ?? open;
  const turns = createKeyedMutex();
  const blobPath = (digest: Digest) => {
    const { algorithm, hex } = splitDigest(digest);
    return join(root, "blobs", algorithm, hex);
  };
  const sizeOf = async (digest: Digest) => (await ifThere(stat(blobPath(digest))))?.size;

  async function ingest(expected: Expected, signal?: AbortSignal): Promise<Ingest | undefined>;
  async function ingest(expected?: undefined, signal?: AbortSignal): Promise<Ingest>;
  async function ingest(expected?: Expected, signal?: AbortSignal): Promise<Ingest | undefined> {
    const name = expected?.digest.replace(":", "-") ?? `anonymous-${randomBytes(12).toString("hex")}`;
    const release = await acquireTurn(turns, name, signal);
    try {
      if (expected !== undefined && (await isHere(expected, sizeOf))) {
        release();
        return undefined;
      }
      const path = join(root, "ingest", name);
      const file = await openFile(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644).catch((error: unknown) => {
        throw storageError(`blob ${expected?.digest ?? ""}`.trim(), join(root, "ingest"), error);
      });
      return await createFileIngest({ file, path, blobPath, expected, release });
    } catch (error) {
      release();
      throw error;
    }
  }

  async function* read(digest: Digest, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { offset = 0, end = Number.POSITIVE_INFINITY, signal } = options;
    await using file = await ifThere(open(blobPath(digest)));
    if (file === undefined) throw blobNotFound(digest);
    yield* readChunks(file, { start: offset, end, signal });
  }

  return {
    size: sizeOf,
    read,
    load: (digest, limit) => loadBlob({ digest, limit, size: sizeOf, read }),
    ingest,
    async delete(digest) {
      if ((await sizeOf(digest)) === undefined) return false;
      await rm(blobPath(digest), { force: true });
      return true;
    },
    walk: () => walk(join(root, "blobs"), sizeOf),
    publish: (manifests, options) => writeIndex(root, manifests, options),
    published: () => readIndex(root),
  };
}

/** @throws IMAGE_CONTENT_SIZE when the blob is here, but of another size: whoever expects it was told a lie */
async function isHere(
  { digest, size }: Expected,
  sizeOf: (digest: Digest) => Promise<number | undefined>,
): Promise<boolean> {
  const actual = await sizeOf(digest);
  if (actual !== undefined && size !== undefined && size !== actual) {
    throw imageError("CONTENT_SIZE", `cannot store blob ${digest}: it has ${actual} bytes, not ${size}`);
  }
  return actual !== undefined;
}

async function prepareDirectory(root: string): Promise<void> {
  for (const algorithm of algorithms) await mkdir(join(root, "blobs", algorithm), { recursive: true });
  await mkdir(join(root, "ingest"), { recursive: true });
  const marker = join(root, "oci-layout");
  const present = await ifThere(readFile(marker));
  if (present !== undefined) return checkLayoutMarker(present, marker);
  await writeIndex(root, []);
  await writeFileAtomic(marker, JSON.stringify({ imageLayoutVersion }), 0o644);
  await syncDirectory(root);
}

/** What a crash left: bytes that another attempt can continue stay for a day, everything else goes. */
async function cleanIngests(directory: string, now: () => number): Promise<void> {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const resumable = isDigest(name.replace("-", ":")) && now() - (await stat(path)).mtimeMs < keepIngests;
    if (!resumable) await rm(path, { recursive: true, force: true });
  }
}

async function writeIndex(
  root: string,
  manifests: readonly Descriptor[],
  options: { durable?: boolean } = {},
): Promise<void> {
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  await writeFileAtomic(join(root, "index.json"), `${JSON.stringify(index, null, 2)}\n`, 0o644, options);
}

async function readIndex(root: string): Promise<readonly unknown[] | undefined> {
  try {
    const index = JSON.parse(await readFile(join(root, "index.json"), "utf8")) as {
      manifests?: unknown;
    } | null;
    return Array.isArray(index?.manifests) ? index.manifests : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}

async function* walk(
  directory: string,
  sizeOf: (digest: Digest) => Promise<number | undefined>,
): AsyncGenerator<Blob> {
  for (const algorithm of algorithms) {
    for (const hex of await readdir(join(directory, algorithm))) {
      const digest = `${algorithm}:${hex}`;
      const size = isDigest(digest) ? await sizeOf(digest) : undefined;
      if (size !== undefined) yield { digest: digest as Digest, size };
    }
  }
}

/** The error for a blob that is not in a store. */
export function blobNotFound(digest: Digest) {
  return imageError("CONTENT_NOT_FOUND", `cannot read blob ${digest}: it is not in the store`);
}
