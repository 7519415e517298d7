import { constants, type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, errnoOf, messageOf, splitDigest } from "../../base/index.ts";
import { checkLayoutMarker, maxManifestSize, parseIndex } from "../../specs/index.ts";
import { readChunks } from "../content/read-chunks.ts";
import { imageError } from "../errors.ts";
import type { ImageSource } from "../install.ts";
import {
  installEntries,
  type LoadedImage,
  type LoadOptions,
  type LoadRequest,
  layoutEntries,
} from "./entries.ts";

/**
 * Loads all images of an OCI image layout in a directory. All or nothing, as for an archive.
 * @throws IMAGE_ARCHIVE for a directory that is no layout, and what `installImage` throws
 */
export async function loadLayout(
  options: LoadOptions,
  directory: string,
  request: LoadRequest = {},
): Promise<LoadedImage[]> {
  using lease = options.leases.temporary();
  checkLayoutMarker(await readDocument(directory, "oci-layout"), join(directory, "oci-layout"));
  const index = parseIndex(await readDocument(directory, "index.json"), join(directory, "index.json"));
  const entries = layoutEntries(index.manifests, options.references);
  const has = async (digest: Digest) => {
    await using file = await openRegular(blobPath(directory, digest));
    return file !== undefined;
  };
  return await installEntries(options, {
    entries,
    lease,
    has,
    source: directorySource(directory),
    ...request,
  });
}

function directorySource(directory: string): ImageSource {
  async function* read(digest: Digest, offset: number): AsyncGenerator<Uint8Array> {
    await using file = await openRegular(blobPath(directory, digest));
    if (file === undefined) {
      throw imageError("INCOMPLETE", `cannot load ${directory}: its blob ${digest} is missing`);
    }
    yield* readChunks(file, { start: offset });
  }
  return {
    manifest: ({ digest }) => read(digest, 0),
    blob: ({ digest }, { offset }) => read(digest, offset),
  };
}

function blobPath(directory: string, digest: Digest): string {
  const { algorithm, hex } = splitDigest(digest);
  return join(directory, "blobs", algorithm, hex);
}

async function readDocument(directory: string, name: string): Promise<Uint8Array> {
  await using file = await openRegular(join(directory, name));
  if (file === undefined) {
    throw imageError("ARCHIVE", `cannot load ${directory}: it has no ${name}`, {
      hint: "give a directory that is an OCI image layout",
    });
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of readChunks(file, { end: maxManifestSize + 1 })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A regular file, or undefined where there is none. Opening never waits for the other end of a pipe. */
async function openRegular(path: string): Promise<FileHandle | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    return undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ENXIO"].includes(errnoOf(error) ?? "")) return undefined;
    throw imageError("ARCHIVE", `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
