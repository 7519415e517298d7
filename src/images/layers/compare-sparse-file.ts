import { type FileHandle, open } from "node:fs/promises";
import { ifThere } from "../../base/index.ts";
import { blockSize } from "../../erofs/index.ts";
import { placeContents, type SparseFile } from "./sparse-file.ts";

/** Takes what a sparse file was written from, and compares the file with it. */
export type SparseFileComparison = Pick<SparseFile, "begin" | "write" | typeof Symbol.asyncDispose> & {
  /** What `end` of the writer gave; undefined where the file is another one, or not there. */
  end(): Promise<number[] | undefined>;
};

export function compareSparseFile(path: string): SparseFileComparison {
  const places = placeContents();
  let file: FileHandle | undefined;
  let isSame = true;
  let hasContent = false;
  return {
    begin: (size) => places.begin(size),
    async write(data) {
      hasContent = true;
      const position = places.advance(data.length);
      if (!isSame) return;
      file ??= await ifThere(open(path));
      const found = Buffer.alloc(data.length);
      const read = await file?.read(found, 0, found.length, position);
      isSame = read?.bytesRead === data.length && found.equals(data);
    },
    async end() {
      if (!hasContent) return [];
      const expected = Math.ceil(places.end() / blockSize) * blockSize;
      return isSame && (await file?.stat())?.size === expected ? [places.end()] : undefined;
    },
    async [Symbol.asyncDispose]() {
      await file?.close();
    },
  };
}
