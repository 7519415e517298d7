import { type FileHandle, open } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";

/** A file of a log, opened; it stays what it is when the log is rotated. */
export type LogFile = {
  readonly handle: FileHandle;
  /** Device and inode: the file's identity, whatever its name. */
  readonly identity: string;
};

/** A container's log files as one run of bytes, the oldest first, as far as it went when it was opened. */
export interface LogFiles {
  readonly size: number;
  /** The newest file, which the monitor writes to, and how far it went. Undefined when there is none. */
  readonly newest: { readonly file: LogFile; readonly size: number } | undefined;
  /**
   * Reads at most `length` bytes at a position into `target` at `offset`. Never reads over the end of a file, because a
   * record does not continue in the next one.
   *
   * @returns the number of bytes; 0 at the end
   */
  read(position: number, target: Buffer, offset: number, length: number): Promise<number>;
  /** Whether a file begins at a position, or the log ends there. */
  isBoundary(position: number): boolean;
  /** Closes everything but the newest file. */
  closeOlder(): Promise<void>;
  close(): Promise<void>;
}

type Part = { readonly file: LogFile; readonly begin: number; readonly end: number };

/** A rotation while the files are opened makes the list wrong; so often it is opened again. */
const ATTEMPTS = 10;

/** Opens the log at `path` with its rotated files `path.1` (newer) and up. */
export async function openLogFiles(path: string): Promise<LogFiles> {
  for (let attempt = 1; ; attempt += 1) {
    const files = await openAll(path);
    const [first] = files;
    const current = await openLogFile(path);
    const unchanged = first?.identity === current?.identity;
    await current?.handle.close();
    if (unchanged || attempt === ATTEMPTS) return joinFiles(files.reverse());
    await Promise.all(files.map(({ handle }) => handle.close()));
  }
}

/** Opens one file of a log; undefined when it is not there. */
export async function openLogFile(path: string): Promise<LogFile | undefined> {
  try {
    const handle = await open(path, "r");
    const { dev, ino } = await handle.stat({ bigint: true });
    return { handle, identity: `${dev}:${ino}` };
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Newest first. */
async function openAll(path: string): Promise<LogFile[]> {
  const files: LogFile[] = [];
  for (let age = 0; ; age += 1) {
    const file = await openLogFile(age === 0 ? path : `${path}.${age}`);
    if (file === undefined && age > 0) return files;
    if (file !== undefined) files.push(file);
  }
}

async function joinFiles(files: readonly LogFile[]): Promise<LogFiles> {
  const parts: Part[] = [];
  let size = 0;
  for (const file of files) {
    const end = size + (await file.handle.stat()).size;
    parts.push({ file, begin: size, end });
    size = end;
  }
  const partAt = (position: number) => parts.find(({ begin, end }) => begin <= position && position < end);
  const last = parts.at(-1);
  return {
    size,
    newest: last && { file: last.file, size: last.end - last.begin },
    async read(position, target, offset, length) {
      const part = partAt(position);
      if (part === undefined) return 0;
      const wanted = Math.min(length, part.end - position);
      return (await part.file.handle.read(target, offset, wanted, position - part.begin)).bytesRead;
    },
    isBoundary: (position) => position === size || parts.some(({ begin }) => begin === position),
    async closeOlder() {
      await Promise.all(parts.slice(0, -1).map(({ file }) => file.handle.close()));
    },
    async close() {
      await Promise.all(parts.map(({ file }) => file.handle.close()));
    },
  };
}
