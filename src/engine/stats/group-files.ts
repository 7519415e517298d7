import { readFile } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import type { StoredState } from "../../runtime/index.ts";

/** The files of a container's group in the hierarchy of one controller. */
export type GroupFiles = {
  readonly version: 1 | 2;
  /** The text of a file; empty where the group has none of that name: kernels and controllers differ. */
  read(name: string): Promise<string>;
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
      if (group === undefined) return "";
      try {
        return await readText(`${group.path}/${name}`);
      } catch (error) {
        if (missing.has(errnoOf(error) ?? "")) return "";
        throw error;
      }
    },
  };
}

/** `NAME NUMBER` lines. Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#format "flat keyed" */
export function flatKeyed(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split("\n").flatMap((line): [string, number][] => {
      const [, name, value] = /^(\S+) (\d+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(value)]];
    }),
  );
}

/** The number in a file, or undefined for `max` and where there is none. */
export function numberIn(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
