import { encodeTree, exportTar, readArchive } from "../../images/index.ts";
import type { EngineContext } from "../context.ts";
import { helperTrees } from "../trees.ts";

/** What is sent to a volume, and whoever waits for it. */
export type Upload = { readonly archive: AsyncIterable<Uint8Array>; readonly signal: AbortSignal };

/** The files of a directory as a tar archive, owners, modes, times and extended attributes included. */
export function archiveDirectory(
  { helper }: Pick<EngineContext, "helper">,
  directory: string,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  return exportTar(helperTrees(helper).pack(directory, {}, signal));
}

/**
 * Unpacks a tar archive, compressed or not, into a directory, which gets the owner and mode that it has there. Nothing in it can lead out of that.
 *
 * @throws TAR_*, IMAGE_*
 */
export async function unpackArchive(
  { helper }: Pick<EngineContext, "helper">,
  directory: string,
  { archive, signal }: Upload,
): Promise<void> {
  await helperTrees(helper).unpack(directory, encodeTree(readArchive(archive, { place: true })), signal);
}

/** Copies the files of a directory into an empty one. */
export async function copyDirectory(
  { helper }: Pick<EngineContext, "helper">,
  { from, to }: { readonly from: string; readonly to: string },
  signal: AbortSignal,
): Promise<void> {
  const trees = helperTrees(helper);
  await trees.unpack(to, trees.pack(from, {}, signal), signal);
}
