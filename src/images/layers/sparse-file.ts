import { type FileHandle, open } from "node:fs/promises";
import { blockSize, type Extent } from "../../erofs/index.ts";

/** A file with the full-size content of others, one after the other. What is zero takes no room on the disk. */
export interface SparseFile extends AsyncDisposable {
  /** Where the content of another file goes that comes next. */
  begin(size: number): Extent;
  write(data: Uint8Array): Promise<void>;
  /** Its size, if anything was put into it. */
  end(): Promise<number[]>;
}

/** The contents begin at such positions. */
const unit = 4096;
const zeros = Buffer.alloc(64 * 1024);

/** Where the contents go. */
export interface ContentPlaces {
  begin(size: number): Extent;
  /** The position of what comes next, which is so long. */
  advance(length: number): number;
  /** Where the last one ends. */
  end(): number;
}

export function placeContents(): ContentPlaces {
  let position = 0;
  let end = 0;
  return {
    begin(size) {
      position = end;
      end = Math.ceil((position + size) / unit) * unit;
      return { device: 1, offset: position };
    },
    advance(length) {
      position += length;
      return position - length;
    },
    end: () => end,
  };
}

/** @param path of the file, which is made when the first content comes */
export function createSparseFile(path: string): SparseFile {
  const places = placeContents();
  let file: FileHandle | undefined;
  return {
    begin: (size) => places.begin(size),
    async write(data) {
      file ??= await open(path, "wx", 0o600);
      const position = places.advance(data.length);
      const isZero = data.length <= zeros.length && zeros.compare(data, 0, data.length, 0, data.length) === 0;
      for (let done = isZero ? data.length : 0; done < data.length; ) {
        done += (await file.write(data, done, data.length - done, position + done)).bytesWritten;
      }
    },
    async end() {
      if (file === undefined) return [];
      await file.truncate(Math.ceil(places.end() / blockSize) * blockSize);
      await file.datasync();
      return [places.end()];
    },
    async [Symbol.asyncDispose]() {
      await file?.close();
    },
  };
}
