import { resolve } from "node:path";

/** Directories of which a setting lists the paths with colons between them; undefined where nothing is set. */
export function parseDirectories(setting: string | undefined): readonly string[] | undefined {
  if (setting === undefined) return undefined;
  return setting
    .split(":")
    .filter((path) => path !== "")
    .map((path) => resolve(path));
}
