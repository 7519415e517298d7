import { readdirSync } from "node:fs";
import type { Helper } from "../../helper/index.ts";
import type { Op, Plan, Slot } from "../../plan/index.ts";
import type { UserFiles } from "./user.ts";

/** More than any passwd file of an image that is meant well. */
const LIMIT = 1024 * 1024;

const ROOT = 0 as Slot;

const PASSWD = 1;
const GROUP = 2;

/**
 * Reads passwd and group out of a root file system, which only the helper may look into: it mounts the layers detached,
 * read-only, and resolves the paths inside. A file that is absent is empty.
 *
 * @param layers directories, topmost first
 */
export async function readUserFiles(helper: Helper, layers: readonly string[]): Promise<UserFiles> {
  const [top = "", ...image] = layers;
  // A container that has written nothing has the files of its image, whose layers never change.
  if (image.length === 0 || readdirSync(top).length > 0) return readFiles(helper, layersMount(layers, ROOT));
  const known = ofImages.get(helper) ?? new Map<string, UserFiles>();
  ofImages.set(helper, known);
  const key = image.join(":");
  const files = known.get(key) ?? (await readFiles(helper, layersMount(image, ROOT)));
  if (known.size >= MOST) known.clear();
  if (files.passwd.length + files.group.length <= LONGEST_KEPT) known.set(key, files);
  return files;
}

/** Files of images by their layers, per engine. */
const ofImages = new WeakMap<Helper, Map<string, UserFiles>>();
const MOST = 64;
const LONGEST_KEPT = 64 * 1024;

/**
 * The same out of the root of a process, with everything that is mounted there.
 *
 * @throws RUNTIME_PROCESS when it has ended
 */
export async function readProcessUserFiles(
  helper: Helper,
  { pid, startTime }: { pid: number; startTime: string },
): Promise<UserFiles> {
  return readFiles(helper, {
    op: "openProcess",
    from: "container's pid",
    pid,
    startTime: BigInt(startTime),
    out: ROOT,
  });
}

async function readFiles(helper: Helper, open: Op): Promise<UserFiles> {
  const { data } = await helper.execute(readPlan(open));
  return { passwd: text(data.get(PASSWD)), group: text(data.get(GROUP)) };
}

function readPlan(open: Op): Plan {
  const read = (path: string, tag: number): Op => ({
    op: "readInRoot",
    from: "user",
    root: ROOT,
    path,
    limit: LIMIT,
    tag,
    ignore: ["ENOENT", "ENOTDIR"],
  });
  const host = [open, read("/etc/passwd", PASSWD), read("/etc/group", GROUP)];
  return { host, stage: [], init: [] };
}

/** A detached read-only view of layers; the kernel makes no overlay of a single one. */
export function layersMount(layers: readonly string[], out: Slot): Op {
  const [first = "/", ...rest] = layers;
  return rest.length === 0
    ? { op: "cloneMount", from: "image", path: first, out }
    : { op: "overlay", from: "image", lowers: layers, out };
}

function text(bytes: Buffer | undefined): string {
  return bytes?.toString("utf8") ?? "";
}
