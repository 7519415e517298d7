import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { errnoOf } from "../../base/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { stateFiles } from "../planner/state.ts";
import { parseStoredState } from "../state.ts";
import { latestConfigs } from "./latest-configs.ts";

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
  const text = readIfThere(`${stateDir}/${stateFiles.state}`);
  if (text === undefined) throw doesNotExist(id);
  const path = `${stateDir}/${stateFiles.config}`;
  const config = readIfThere(path);
  let spec: Spec | undefined;
  const existing: Existing = {
    state: parseStoredState(text, `${stateDir}/${stateFiles.state}`),
    stateDir,
    // Most of what is done with a container needs nothing of it.
    get spec() {
      spec ??= config === undefined ? undefined : parseConfig(config, path);
      return spec;
    },
    get hooks() {
      return config?.includes('"hooks"') ? existing.spec?.hooks : undefined;
    },
  };
  return existing;
}

/** Of containers in which programs were run last. */
const parse = latestConfigs(16);

function parseConfig(text: string, path: string): Spec {
  return parse(text, path).value;
}

/** What a look at every container below a runtime's root finds, by id. Those that are being made or removed are left out. */
export async function lookAtAll<T>(root: string, look: (existing: Existing) => Promise<T>): Promise<T[]> {
  const ids = (await readdir(root).catch((error) => emptyIfMissing(error, root))).sort();
  const found = ids.map(async (id): Promise<T[]> => {
    try {
      return [await look(await loadExisting(root, id))];
    } catch (error) {
      if ((error as { kind?: string }).kind === "notFound") return [];
      throw error;
    }
  });
  return (await Promise.all(found)).flat();
}

/**
 * When the container was made: its configuration is written once, before anything else.
 *
 * @throws CONTAINER_NOT_FOUND where it has been removed meanwhile
 */
export async function createdAt({ state, stateDir }: Existing): Promise<Date> {
  try {
    return (await stat(`${stateDir}/${stateFiles.config}`)).mtime;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") throw doesNotExist(state.id);
    throw error;
  }
}

/** The configuration as it was when the container was made, if it was written. */
export async function loadSpec(stateDir: string): Promise<Spec | undefined> {
  const path = `${stateDir}/${stateFiles.config}`;
  const text = readIfThere(path);
  return text === undefined ? undefined : parseConfig(text, path);
}

/** State directories lie in memory, on a tmpfs: a detour over other threads would take several times as long. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function doesNotExist(id: string): Error {
  return lifecycleError("NOT_FOUND", `container ${id} does not exist`);
}

function emptyIfMissing(error: unknown, root: string): string[] {
  if (errnoOf(error) === "ENOENT") return [];
  if (errnoOf(error) !== "EACCES") throw error;
  throw lifecycleError("UNPRIVILEGED", `cannot list the containers in ${root}: permission denied`, {
    hint: "set XDG_RUNTIME_DIR, or give --root",
    cause: error,
  });
}
