import { readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { errnoOf, readSmallFile, reasonOf } from "../../base/index.ts";
import { parseMountinfo } from "../../host/index.ts";
import { lifecycleError } from "../errors.ts";

/** Beside the images, as runc has it: what the standard streams were. */
const FILE = "descriptors.json";
const MOST = 65_536;
/** Source: include/uapi/asm-generic/fcntl.h, the same on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;
const O_ACCMODE = 0o3;

/** What the standard streams of a process lead to; `external` marks files that are not the container's. */
export type Streams = { readonly names: readonly string[]; readonly external: readonly string[] };

/**
 * Looks at the standard streams of a process. A pipe is known by its number, a file outside of the container by the key
 * that criu has for it: on restore both are replaced by the streams of whoever restores.
 *
 * A shell puts a stream of its own aside while a command in it writes elsewhere: such a copy is close-on-exec and stands
 * for the stream. Because that changes at any moment, there is more than one look.
 */
export async function streamsOf(pid: number): Promise<Streams> {
  const inside = new Set(
    parseMountinfo(await readFile(`/proc/${pid}/mountinfo`, "utf8")).map(({ id }) => id),
  );
  const names = ["", "", ""];
  const aside: Descriptor[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    for (const found of await descriptorsOf(pid, inside)) {
      const { fd, name } = found;
      if (fd < 3 && !isOutside(names[fd])) names[fd] = name;
      if (fd > 2 && found.closesOnExec) aside.push(found);
    }
  }
  for (const { name, writes } of aside) {
    if (!isOutside(name) || names.includes(name)) continue;
    const place = (writes ? [1, 2] : [0]).find((fd) => !isOutside(names[fd]));
    if (place !== undefined) names[place] = name;
  }
  return { names, external: names.filter((name) => name.startsWith("file[")) };
}

/** How often the descriptors are looked at. */
const LOOKS = 3;

type Descriptor = {
  readonly fd: number;
  readonly name: string;
  readonly closesOnExec: boolean;
  readonly writes: boolean;
};

function isOutside(name = ""): boolean {
  return name.startsWith("pipe:") || name.startsWith("file[");
}

async function descriptorsOf(pid: number, inside: ReadonlySet<number>): Promise<Descriptor[]> {
  const numbers = (await readdir(`/proc/${pid}/fd`)).map(Number).sort((a, b) => a - b);
  const found = await Promise.all(numbers.map((fd) => descriptorOf(pid, fd, inside).catch(noneIfClosed)));
  return found.filter((descriptor) => descriptor !== undefined);
}

/** Source: proc_pid_fdinfo(5) */
async function descriptorOf(pid: number, fd: number, inside: ReadonlySet<number>): Promise<Descriptor> {
  const path = `/proc/${pid}/fd/${fd}`;
  const target = await readlink(path);
  const info = await readFile(`/proc/${pid}/fdinfo/${fd}`, "utf8");
  const flags = Number.parseInt(/^flags:\s*(\d+)$/m.exec(info)?.[1] ?? "0", 8);
  const mount = Number(/^mnt_id:\s*(\d+)$/m.exec(info)?.[1]);
  const isFile = target.startsWith("/") && !inside.has(mount);
  return {
    fd,
    // Source: https://github.com/checkpoint-restore/criu/blob/v4.1/criu/files-reg.c dump_one_reg_file
    name: isFile
      ? `file[${mount.toString(16)}:${(await stat(path, { bigint: true })).ino.toString(16)}]`
      : target,
    closesOnExec: (flags & O_CLOEXEC) !== 0,
    writes: (flags & O_ACCMODE) !== 0,
  };
}

function noneIfClosed(error: unknown): undefined {
  if (errnoOf(error) !== "ENOENT") throw error;
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
