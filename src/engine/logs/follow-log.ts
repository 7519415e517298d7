import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import { type LogFile, openLogFile } from "./log-files.ts";
import type { Lines } from "./whole-lines.ts";

export type FollowOptions = {
  /** The file to begin with, and where in it; it is closed here. Undefined: whatever comes. */
  readonly from: { readonly file: LogFile; readonly offset: number } | undefined;
  /** Whether more can come. Asked before the last look, so that nothing is missed. */
  readonly mayGrow: () => boolean;
  /** Calls back when `mayGrow` may have become false. @returns a function that ends it */
  readonly onChange: (listener: () => void) => () => void;
  readonly signal: AbortSignal;
};

const CHUNK = 256 * 1024;

/** Notices of the kernel can be lost when too many are waiting: so often is looked without one, in milliseconds. */
const LOOK_ANYWAY = 1000;

/**
 * What is written to a log from an offset on, over rotations: every file is read to its end before the next newer one is
 * begun. If files are rotated away faster than they are read, what they held is lost here as it is on the disk.
 */
export async function* followLog(path: string, options: FollowOptions): AsyncGenerator<Lines> {
  const { signal, mayGrow } = options;
  const bell = createBell(path, options);
  let current = options.from?.file;
  let reader = current && createLineReader(current, options.from?.offset ?? 0);
  try {
    while (!signal.aborted) {
      const rung = bell.next();
      const last = !mayGrow();
      if (reader !== undefined) yield* reader.read();
      const newer = await nextFile(path, current);
      if (newer !== undefined) {
        // Between the last read and the rotation more may have been written.
        if (reader !== undefined) yield* reader.read();
        await current?.handle.close();
        current = newer;
        reader = createLineReader(newer, 0);
        continue;
      }
      if (last) return;
      await rung;
    }
  } finally {
    bell.close();
    await current?.handle.close();
  }
}

/** Reads whole lines from where it stopped last; half a line waits for its other half. */
function createLineReader({ handle }: LogFile, begin: number) {
  let at = begin;
  return {
    async *read(): AsyncGenerator<Lines> {
      for (;;) {
        const bytes = Buffer.allocUnsafe(CHUNK);
        const { bytesRead } = await handle.read(bytes, 0, CHUNK, at);
        if (bytesRead === 0) return;
        const whole = bytes.subarray(0, bytesRead).lastIndexOf("\n") + 1;
        const position = at;
        // A chunk without an end of a line is no record.
        at += whole === 0 && bytesRead === CHUNK ? CHUNK : whole;
        if (whole > 0) yield { bytes, end: whole, position };
        else if (bytesRead < CHUNK) return;
      }
    },
  };
}

/** The file that was begun after `current`, which has been rotated; undefined while `current` is still the newest. */
async function nextFile(path: string, current: LogFile | undefined): Promise<LogFile | undefined> {
  let newer: LogFile | undefined;
  for (let age = 0; ; age += 1) {
    const file = await openLogFile(age === 0 ? path : `${path}.${age}`);
    const isCurrent = file !== undefined && file.identity === current?.identity;
    if (isCurrent || (file === undefined && age > 0)) {
      await file?.handle.close();
      return newer;
    }
    // Between two renames of a rotation there is no newest file.
    if (file === undefined) continue;
    await newer?.handle.close();
    newer = file;
  }
}

/** Rings when the log has changed, or may have. */
function createBell(path: string, { onChange, signal }: FollowOptions) {
  let ring: () => void = () => undefined;
  const name = basename(path);
  const watcher = watch(dirname(path), { signal }, (_, changed) => {
    if (changed === null || changed.startsWith(name)) ring();
  });
  watcher.on("error", () => ring());
  const stop = onChange(() => ring());
  const abort = (): void => ring();
  signal.addEventListener("abort", abort);
  return {
    next: (): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, LOOK_ANYWAY);
        ring = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    close(): void {
      watcher.close();
      stop();
      signal.removeEventListener("abort", abort);
      ring();
    },
  };
}
