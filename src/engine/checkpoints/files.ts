import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, ifThere, noSuchPath, readSmallFile, reasonOf, syncDirectory } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import type { RememberedEndpoint } from "../networks/connect.ts";
import { ABOUT, isCheckpointName } from "./place.ts";

/** What is known of a checkpoint beside the files of criu. */
export type Checkpoint = {
  readonly name: string;
  /** Addresses that the container had, so that it has them again. */
  readonly endpoints: readonly RememberedEndpoint[];
};

/** More than any file that says what a checkpoint is. */
const MOST = 1024 * 1024;

/** The finished checkpoints in a directory, by name; one that is not there has none. */
export async function listCheckpoints(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return [];
    throw unreadable(directory, error);
  });
  const names = entries.filter((entry) => entry.isDirectory() && isCheckpointName(entry.name));
  const finished = await Promise.all(
    names.map(async ({ name }) => ((await isThere(join(directory, name, ABOUT))) ? [name] : [])),
  );
  return finished.flat().sort();
}

/** @throws ENGINE_CHECKPOINT_NOT_FOUND, ENGINE_CHECKPOINT for one that is damaged */
export async function readCheckpoint(
  directory: string,
  { name, container }: { name: string; container: string },
): Promise<Checkpoint> {
  const path = join(directory, name, ABOUT);
  let known: { Endpoints?: unknown };
  try {
    known = JSON.parse(await readSmallFile(path, MOST)) ?? {};
  } catch (error) {
    if (noSuchPath.includes(errnoOf(error) ?? "")) throw notFound(name, container);
    throw unreadable(path, error);
  }
  return { name, endpoints: Array.isArray(known.Endpoints) ? known.Endpoints.filter(isEndpoint) : [] };
}

/** @throws ENGINE_CHECKPOINT_NAME_TAKEN */
export async function requireFree(
  directory: string,
  { name, container }: { name: string; container: string },
): Promise<void> {
  if (!(await isThere(join(directory, name)))) return;
  throw engineError(
    "CHECKPOINT_NAME_TAKEN",
    `checkpoint with name ${name} already exists for container ${container}`,
    { hint: `take another name, or remove it: tug checkpoint rm ${container} ${name}` },
  );
}

/** Makes the directory that a checkpoint is written to. What is in it is the container's memory: for root alone. */
export async function makeUnfinished(path: string): Promise<void> {
  try {
    await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    throw engineError("CHECKPOINT", `cannot make ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Has the disk keep what was written and gives it its place: from now on it is there, and whole. */
export async function finishCheckpoint(
  unfinished: string,
  directory: string,
  { name, endpoints }: Checkpoint,
): Promise<void> {
  // What Docker keeps of one is its name.
  await writeFile(join(unfinished, ABOUT), JSON.stringify({ Name: name, Endpoints: endpoints }), {
    mode: 0o600,
  });
  for (const entry of await readdir(unfinished)) {
    await using file = await open(join(unfinished, entry));
    await file.sync();
  }
  await syncDirectory(unfinished);
  await rename(unfinished, join(directory, name));
  await syncDirectory(directory);
}

/**
 * Removes a checkpoint: first the file without which it is none.
 *
 * @throws ENGINE_CHECKPOINT_NOT_FOUND
 */
export async function removeCheckpoint(
  directory: string,
  { name, container }: { name: string; container: string },
): Promise<void> {
  const path = join(directory, name);
  if (!(await isThere(join(path, ABOUT)))) throw notFound(name, container);
  await rm(join(path, ABOUT), { force: true });
  await rm(path, { recursive: true, force: true });
}

function notFound(name: string, container: string): Error {
  return engineError("CHECKPOINT_NOT_FOUND", `checkpoint ${name} does not exist for container ${container}`, {
    hint: `see which there are: tug checkpoint ls ${container}`,
  });
}

function unreadable(path: string, error: unknown): Error {
  return engineError("CHECKPOINT", `cannot read ${path}: ${reasonOf(error)}`, { cause: error });
}

async function isThere(path: string): Promise<boolean> {
  return (await ifThere(stat(path), noSuchPath)) !== undefined;
}

function isEndpoint(value: unknown): value is RememberedEndpoint {
  if (typeof value !== "object" || value === null) return false;
  const { network, mac, ipv4, ipv6 } = value as Record<string, unknown>;
  const isMaybeText = (text: unknown) => text === undefined || typeof text === "string";
  return typeof network === "string" && typeof mac === "string" && isMaybeText(ipv4) && isMaybeText(ipv6);
}
