import { readdir } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { fullDisk, isFullDisk, TugError } from "../../base/index.ts";
import type { Helper } from "../../helper/index.ts";
import type { Plan, Slot } from "../../plan/index.ts";
import { layersMount } from "./user-files.ts";

/**
 * Copies what an image has at a path into an empty volume, owners, modes and times included. A volume that holds
 * anything, or a path that the image does not have, is left alone.
 */
export async function fillVolume(
  helper: Helper,
  { layers, path, directory }: { layers: readonly string[]; path: string; directory: string },
): Promise<void> {
  if ((await readdir(directory)).length > 0) return;
  const source = helper.start(packPlan(layers, path), { descriptors: ["stream"] });
  const target = helper.start(unpackPlan(directory), { descriptors: ["stream"] });
  const [from, to] = [source.streams[0], target.streams[0]];
  if (from === undefined || to === undefined) return;
  void pipeline(from, to).catch(() => undefined);
  const reading = source.result.catch((error: unknown) => {
    to.destroy();
    throw error;
  });
  const [read, written] = await Promise.allSettled([reading, target.result]);
  if (read.status === "rejected" && !isBrokenPipe(read.reason)) {
    if (isMissing(read.reason)) return;
    throw read.reason;
  }
  if (written.status === "fulfilled") return;
  if (isFullDisk(written.reason))
    throw fullDisk(`cannot copy ${path} of the image into a volume`, written.reason);
  throw written.reason;
}

function packPlan(layers: readonly string[], path: string): Plan {
  const [root, records] = [0 as Slot, 1 as Slot];
  return {
    host: [
      layersMount(layers, root),
      { op: "inherit", from: "volume", fd: 3, out: records },
      { op: "packTree", from: "volume", directory: root, path, records },
    ],
    stage: [],
    init: [],
  };
}

function unpackPlan(path: string): Plan {
  const [directory, records] = [0 as Slot, 1 as Slot];
  return {
    host: [
      { op: "openFile", from: "volume", path, flags: 0, out: directory },
      { op: "inherit", from: "volume", fd: 3, out: records },
      { op: "unpackTree", from: "volume", directory, records },
    ],
    stage: [],
    init: [],
  };
}

function isMissing(error: unknown): boolean {
  return hasErrno(error, ["ENOENT", "ENOTDIR"]);
}

/** How the reader notices that the writer has failed. */
function isBrokenPipe(error: unknown): boolean {
  return hasErrno(error, ["EPIPE", "ECONNRESET"]);
}

function hasErrno(error: unknown, names: readonly string[]): boolean {
  return error instanceof TugError && names.includes(String(error.details.errno));
}
