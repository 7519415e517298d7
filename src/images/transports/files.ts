import { constants, type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, messageOf } from "../../base/index.ts";
import { readChunks } from "../content/read-chunks.ts";
import { imageError } from "../errors.ts";

/** Files by name, to be read: those of a directory or of an archive. */
export interface FileSet extends AsyncDisposable {
  /** For errors. */
  readonly place: string;
  /** Bytes of a regular file, or undefined where there is none of that name. */
  size(name: string): Promise<number | undefined>;
  read(name: string, offset?: number): AsyncIterable<Uint8Array>;
}

/** The files of a directory, and of those below it. Opening never waits for the other end of a pipe. */
export function directoryFiles(directory: string): FileSet {
  const openFile = async (name: string): Promise<FileHandle | undefined> => {
    try {
      const file = await open(join(directory, name), constants.O_RDONLY | constants.O_NONBLOCK);
      if ((await file.stat()).isFile()) return file;
      await file.close();
      return undefined;
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ENXIO"].includes(errnoOf(error) ?? "")) return undefined;
      throw imageError("ARCHIVE", `cannot read ${join(directory, name)}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  };
  return {
    place: directory,
    async size(name) {
      await using file = await openFile(name);
      return file && (await file.stat()).size;
    },
    async *read(name, offset = 0) {
      await using file = await openFile(name);
      if (file === undefined) throw missing(directory, name);
      yield* readChunks(file, { start: offset });
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** A small file as a whole. @throws IMAGE_ARCHIVE for one that is missing or larger */
export async function readWhole(files: FileSet, name: string, limit: number): Promise<Uint8Array> {
  const size = await files.size(name);
  if (size === undefined) throw missing(files.place, name);
  if (size > limit) throw imageError("ARCHIVE", `cannot read ${files.place}: ${name} has ${size} bytes`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of files.read(name)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export function missing(place: string, name: string) {
  return imageError("ARCHIVE", `cannot read ${place}: it has no ${name}`);
}
