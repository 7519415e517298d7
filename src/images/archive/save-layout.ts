import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, errnoOf, ifThere, syncDirectory, writeFileAtomic } from "../../base/index.ts";
import {
  annotations,
  checkLayoutMarker,
  type Descriptor,
  type Index,
  mediaTypes,
  parseIndex,
} from "../../specs/index.ts";
import type { ContentStore } from "../content/content-store.ts";
import { storageError } from "../content/storage-error.ts";
import { imageError } from "../errors.ts";
import { blobName, type Layout, readVerified } from "./save.ts";

/**
 * Writes a layout into a directory: a new or empty one, or one that is a layout, to which the images are added. Names
 * that it has already go over to the new images. The index comes last, so that a failure leaves the layout as it was.
 * @throws IMAGE_ARCHIVE for a directory with other things in it, IMAGE_CONTENT_*, IMAGE_STORAGE_*
 */
export async function saveLayout(
  layout: Layout,
  content: ContentStore,
  { directory, signal }: { directory: string; signal?: AbortSignal | undefined },
): Promise<void> {
  const existing = await readExisting(directory);
  for (const { digest, size } of layout.blobs) {
    await writeBlob(content, { digest, size, path: join(directory, blobName(digest)), signal });
  }
  const marker = layout.documents.get("oci-layout") ?? "";
  const added = JSON.parse(layout.documents.get("index.json") ?? "{}") as Index;
  const manifests = [...existing.filter((old) => !isReplaced(old, added.manifests)), ...added.manifests];
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests };
  await writeFileAtomic(join(directory, "oci-layout"), marker, 0o644);
  await writeFileAtomic(join(directory, "index.json"), JSON.stringify(index), 0o644);
}

/** What the index of a layout lists; nothing for a new one. */
async function readExisting(directory: string): Promise<readonly Descriptor[]> {
  await mkdir(directory, { recursive: true });
  const names = await readdir(directory);
  if (names.length === 0) return [];
  if (!names.includes("oci-layout") || !names.includes("index.json")) {
    throw imageError("ARCHIVE", `cannot save to ${directory}: it is neither empty nor an OCI image layout`, {
      hint: "name a new directory",
    });
  }
  const marker = join(directory, "oci-layout");
  checkLayoutMarker(await readFile(marker), marker);
  const index = join(directory, "index.json");
  return parseIndex(await readFile(index), index).manifests;
}

/** Whether the same image, or another one with the same name, is added. */
function isReplaced(old: Descriptor, added: readonly Descriptor[]): boolean {
  const name = old.annotations?.[annotations.imageName] ?? old.annotations?.[annotations.refName];
  return added.some((each) => {
    const names = [each.annotations?.[annotations.imageName], each.annotations?.[annotations.refName]];
    return name === undefined ? each.digest === old.digest : names.includes(name);
  });
}

type BlobFile = { digest: Digest; size: number; path: string; signal: AbortSignal | undefined };

async function writeBlob(content: ContentStore, { digest, size, path, signal }: BlobFile): Promise<void> {
  if ((await ifThere(stat(path)))?.size === size) return;
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.tmp`;
  try {
    await using file = await open(temporary, "w", 0o644);
    for await (const chunk of readVerified(content, digest, signal)) await file.writeFile(chunk);
    await file.sync();
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw errnoOf(error) === undefined ? error : storageError(`blob ${digest}`, dirname(path), error);
  }
}
