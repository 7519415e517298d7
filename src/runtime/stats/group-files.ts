import { readdir, readFile } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import type { StoredState } from "../state.ts";

/** The files of a container's group in the hierarchy of one controller. */
export type GroupFiles = {
  readonly version: 1 | 2;
  /** The text of a file; empty where the group has none of that name: kernels and controllers differ. */
  read(name: string): Promise<string>;
  /** Names of all files. */
  names(): Promise<readonly string[]>;
};

const missing = new Set(["ENOENT", "ENODEV", "EOPNOTSUPP"]);

/**
 * Where a container's controller is: on version 1 if it is mounted there, else on version 2.
 *
 * @param readText reads a file of the host
 */
export function groupFiles(
  { groups }: Pick<StoredState, "groups">,
  controller: string,
  readText: (path: string) => Promise<string> = (path) => readFile(path, "utf8"),
): GroupFiles {
  const group =
    groups.find(({ version, controllers }) => version === 1 && controllers.includes(controller)) ??
    groups.find(({ version }) => version === 2);
  return {
    version: group?.version ?? 2,
    async read(name) {
      return group === undefined ? "" : readText(`${group.path}/${name}`).catch((error) => unless(error, ""));
    },
    async names() {
      return group === undefined ? [] : readdir(group.path).catch((error) => unless(error, []));
    },
  };
}

function unless<T>(error: unknown, value: T): T {
  if (missing.has(errnoOf(error) ?? "")) return value;
  throw error;
}
