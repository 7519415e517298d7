import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createMutex, errnoOf, ifThere, noSuchPath, syncDirectory } from "../../base/index.ts";
import { createTarWriter, type Node, noXattrs } from "../../tar/index.ts";
import { storageError } from "../content/storage-error.ts";
import { imageError } from "../errors.ts";

/** A place for files. Disposing of it without `finish` takes away what is not complete. */
export interface FileSink extends AsyncDisposable {
  /** For errors. */
  readonly place: string;
  /** Bytes of a file that is there, or undefined. */
  size(name: string): Promise<number | undefined>;
  /** Puts a file in, whole or not at all, in the place of one of the same name. */
  put(name: string, size: number, data: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void>;
  /** Makes all that was put in lasting. */
  finish(): Promise<void>;
}

/** Files below a directory, which is made if it is not there. */
export function directorySink(directory: string): FileSink {
  return {
    place: directory,
    size: (name) => sizeOf(join(directory, name)),
    async put(name, _, data) {
      const path = join(directory, name);
      const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
      try {
        await mkdir(dirname(path), { recursive: true });
        await using file = await open(temporary, "wx", 0o644);
        for await (const chunk of data) await file.writeFile(chunk);
        await file.sync();
        await rename(temporary, path);
        await syncDirectory(dirname(path));
      } catch (error) {
        await rm(temporary, { force: true });
        throw asStorage(error, name, dirname(path));
      }
    },
    async finish() {},
    async [Symbol.asyncDispose]() {},
  };
}

/**
 * Files of a new tar archive, which appears under its path when it is finished. One file is put in at a time.
 * @throws IMAGE_ARCHIVE where there is something at the path already
 */
export async function archiveSink(path: string): Promise<FileSink> {
  if ((await sizeOf(path)) !== undefined) {
    throw imageError("ARCHIVE", `cannot write ${path}: it exists`, { hint: "remove it first" });
  }
  const temporary = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  const file = await open(temporary, "wx", 0o644).catch((error: unknown) => {
    throw asStorage(error, path, dirname(path));
  });
  const writer = createTarWriter();
  const turns = createMutex();
  const sizes = new Map<string, number>();
  let isOpen = true;
  const put = async (name: string, size: number, data: Parameters<FileSink["put"]>[2]): Promise<void> => {
    if (sizes.has(name)) return;
    await writeAll(file, writer.add({ kind: "node", node: fileNode(name, size) }));
    for await (const chunk of data) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
      await writeAll(file, writer.add({ kind: "data", data: bytes }));
    }
    sizes.set(name, size);
  };
  return {
    place: path,
    size: async (name) => sizes.get(name),
    put: (name, size, data) => turns.run(() => put(name, size, data)),
    async finish() {
      await writeAll(file, [writer.end()]);
      await file.sync();
      await rename(temporary, path);
      await syncDirectory(dirname(path));
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) await file.close();
      isOpen = false;
      await rm(temporary, { force: true });
    },
  };
}

async function writeAll(file: FileHandle, chunks: Iterable<Uint8Array>): Promise<void> {
  for (const chunk of chunks) if (chunk.length > 0) await file.writeFile(chunk);
}

function fileNode(path: string, size: number): Node {
  return {
    type: "file",
    path,
    link: "",
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: { seconds: 0, nanoseconds: 0 },
    size,
    major: 0,
    minor: 0,
    xattrs: noXattrs,
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await ifThere(stat(path), noSuchPath))?.size;
}

function asStorage(error: unknown, name: string, directory: string): unknown {
  return errnoOf(error) === undefined ? error : storageError(name, directory, error);
}
