import { readFile, stat } from "node:fs/promises";
import { errnoOf, messageOf } from "../../../base/index.ts";
import type { TomlTable, TomlValue } from "../../../specs/index.ts";
import { imageError } from "../../errors.ts";

/** No honest file is larger, in bytes. */
const maxSize = 1024 * 1024;

/** A file that may not be there. @throws IMAGE_REGISTRY_CONFIG for one that cannot be read */
export async function readConfig(path: string): Promise<string | undefined> {
  try {
    if ((await stat(path)).size > maxSize) throw unusable(path, `it is larger than ${maxSize} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return undefined;
    if (errnoOf(error) !== undefined) throw unusable(path, messageOf(error));
    throw error;
  }
}

/** Reads the members of a table of a file; `place` is the file and the path in it, for errors. */
export function tableReader(table: TomlTable, place: string) {
  const member = <T>(name: string, what: string, is: (value: TomlValue) => T | undefined): T | undefined => {
    const value = Object.hasOwn(table, name) ? table[name] : undefined;
    if (value === undefined) return undefined;
    const read = is(value);
    if (read === undefined) throw unusable(place, `${name} is not ${what}`);
    return read;
  };
  return {
    place,
    text: (name: string) =>
      member(name, "a text", (value) => (typeof value === "string" ? value : undefined)),
    flag: (name: string) =>
      member(name, "true or false", (value) => (typeof value === "boolean" ? value : undefined)),
    /** One text or several. */
    texts: (name: string) => member(name, "a list of texts", textsOf),
    table: (name: string) => member(name, "a table", (value) => (isTable(value) ? value : undefined)),
    tables: (name: string) =>
      member(name, "a list of tables", (value) =>
        Array.isArray(value) && value.every(isTable) ? value : undefined,
      ),
    value: (name: string) => (Object.hasOwn(table, name) ? table[name] : undefined),
  };
}

export type TableReader = ReturnType<typeof tableReader>;

export function textsOf(value: TomlValue): readonly string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.every((each): each is string => typeof each === "string") ? list : undefined;
}

function isTable(value: TomlValue): value is TomlTable {
  return typeof value === "object" && !Array.isArray(value);
}

/** The error for a file with settings of registries. */
export function unusable(place: string, reason: string) {
  return imageError("REGISTRY_CONFIG", `cannot use ${place}: ${reason}`, {
    hint: "repair the file, or move it away",
  });
}
