import { readFile, readlink, stat, writeFile } from "node:fs/promises";
import { errnoOf, readSmallFile, reasonOf } from "../../base/index.ts";
import { parseMountinfo } from "../../host/index.ts";
import { lifecycleError } from "../errors.ts";

/** Beside the images, as runc has it: what the standard streams were. */
const FILE = "descriptors.json";
const MOST = 65_536;

/** What the standard streams of a process lead to; `external` marks files that are not the container's. */
export type Streams = { readonly names: readonly string[]; readonly external: readonly string[] };

/**
 * Looks at the standard streams of a process. A pipe is known by its number, a file outside of the container by the key
 * that criu has for it: on restore both are replaced by the streams of whoever restores.
 */
export async function streamsOf(pid: number): Promise<Streams> {
  const inside = new Set(
    parseMountinfo(await readFile(`/proc/${pid}/mountinfo`, "utf8")).map(({ id }) => id),
  );
  const names = await Promise.all([0, 1, 2].map((fd) => nameOf(pid, fd, inside)));
  return { names, external: names.filter((name) => name.startsWith("file[")) };
}

async function nameOf(pid: number, fd: number, inside: ReadonlySet<number>): Promise<string> {
  const path = `/proc/${pid}/fd/${fd}`;
  const target = await readlink(path).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  });
  if (!target.startsWith("/")) return target;
  const mount = Number(/^mnt_id:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8"))?.[1]);
  if (inside.has(mount)) return target;
  const { ino } = await stat(path, { bigint: true });
  // Source: https://github.com/checkpoint-restore/criu/blob/v4.1/criu/files-reg.c dump_one_reg_file
  return `file[${mount.toString(16)}:${ino.toString(16)}]`;
}

/** Keeps the names beside the images. */
export async function keepStreams(images: string, { names }: Streams): Promise<void> {
  await writeFile(`${images}/${FILE}`, JSON.stringify(names), { mode: 0o600 });
}

/**
 * Which streams of a dumped process are replaced by the restorer's, as criu is told: the key and the descriptor.
 *
 * @throws CONTAINER_CHECKPOINT where the file is missing or damaged
 */
export async function inheritedStreams(images: string): Promise<{ key: string; fd: number }[]> {
  const path = `${images}/${FILE}`;
  let names: unknown;
  try {
    names = JSON.parse(await readSmallFile(path, MOST));
  } catch (error) {
    throw lifecycleError("CHECKPOINT", `cannot read ${path}: ${reasonOf(error)}`, {
      hint: "give the directory of a checkpoint as --image-path",
      cause: error,
    });
  }
  if (!Array.isArray(names) || names.length > 3 || !names.every((name) => typeof name === "string"))
    throw lifecycleError("CHECKPOINT", `cannot read ${path}: it is no list of three names`);
  return (names as string[]).flatMap((key, fd) => keysOf(key).map((own) => ({ key: own, fd })));
}
/**
 * A file goes by its name without the first letter: by that criu takes the new descriptor as it is, where by the whole one
 * it wants a file of the old size, and a pipe would not do.
 * Source: https://github.com/checkpoint-restore/criu/blob/v4.1/criu/files-reg.c open_path, collect_one_regfile
 */
function keysOf(name: string): string[] {
  if (name.startsWith("file[")) return [name.slice(1)];
  return name.includes("pipe:") ? [name] : [];
}
