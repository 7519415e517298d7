import { readdir, readFile, stat } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import { parseSpec, type Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { stateFiles } from "../planner/state.ts";
import { parseStoredState } from "../state.ts";

/**
 * An id as runc allows it; it becomes a directory name and part of a control group's path.
 * Source: https://github.com/opencontainers/runc/blob/v1.3.0/libcontainer/factory_linux.go validateID
 */
export function checkId(id: string): void {
  if (/^[\w+.-]{1,1024}$/.test(id) && id !== "." && id !== "..") return;
  throw lifecycleError("ID", `cannot use container id ${JSON.stringify(id)}: invalid id format`, {
    hint: "use letters, digits, and _ + - . only",
  });
}

/** What is known of a container. `CONTAINER_NOT_FOUND` says "does not exist", which callers look for. */
export async function loadExisting(root: string, id: string): Promise<Existing> {
  checkId(id);
  const stateDir = `${root}/${id}`;
  let text: string;
  try {
    text = await readFile(`${stateDir}/${stateFiles.state}`, "utf8");
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    throw lifecycleError("NOT_FOUND", `container ${id} does not exist`);
  }
  return {
    state: parseStoredState(text, `${stateDir}/${stateFiles.state}`),
    stateDir,
    spec: await loadSpec(stateDir),
  };
}

/** Every container below a runtime's root, by id. Directories of containers that are being made or removed are left out. */
export async function loadAll(root: string): Promise<Existing[]> {
  const found: Existing[] = [];
  for (const id of (await readdir(root).catch(emptyIfMissing)).sort()) {
    try {
      found.push(await loadExisting(root, id));
    } catch (error) {
      if ((error as { kind?: string }).kind !== "notFound") throw error;
    }
  }
  return found;
}

/** When the container was made: its configuration is written once, before anything else. */
export async function createdAt({ stateDir }: Existing): Promise<Date> {
  return (await stat(`${stateDir}/${stateFiles.config}`)).mtime;
}

/** The configuration as it was when the container was made, if it was written. */
export async function loadSpec(stateDir: string): Promise<Spec | undefined> {
  const path = `${stateDir}/${stateFiles.config}`;
  try {
    return parseSpec(await readFile(path), path).value;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function emptyIfMissing(error: unknown): string[] {
  if (errnoOf(error) === "ENOENT") return [];
  throw error;
}
