import { statSync } from "node:fs";

/** How often is looked when nobody asks, in milliseconds. */
const STEP = 2500;

/** Looks whether files are still where they were. */
export type PlaceWatch = {
  /** Looks now: a command is about to rely on it. */
  check(): void;
  /** Ends it. */
  stop(): void;
};

/**
 * Notices that files are not at their paths any more: removed, or hidden by another file or file system. They must be open
 * or listened at as long as this goes on, for nothing else keeps their numbers from being used again.
 *
 * @param lost called once, with the first such path
 */
export function watchPlaces(paths: readonly string[], lost: (path: string) => void): PlaceWatch {
  const places = paths.map((path) => ({ path, mark: markOf(path) }));
  const stop = (): void => {
    clearInterval(timer);
    places.length = 0;
  };
  const check = (): void => {
    const gone = places.find(({ path, mark }) => markOf(path) !== mark);
    if (gone === undefined) return;
    stop();
    lost(gone.path);
  };
  const timer = setInterval(check, STEP).unref();
  return { check, stop };
}

/** What tells a file from others; undefined where there is none. @throws what else stat(2) fails with */
function markOf(path: string): string | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
