import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseMountinfo } from "../../../src/host/index.ts";
import { mountsBelow } from "../../environment/index.ts";
import { processesOf } from "../../privileged/harness/leaks.ts";
import type { Engine } from "./engine.ts";

/** How often is looked again, every 50 milliseconds. */
const PATIENCE = 100;

/** Everything that commands can leave behind on an engine's machine, as lines. */
async function traces(engine: Engine): Promise<Set<string>> {
  const { data, run, directory } = engine;
  const below = (path: string): string[] => names(path).map((name) => join(path, name));
  const containers = await containerIds(engine);
  return new Set([
    ...["snapshots", "volumes", "containers", "content/ingest"].flatMap((name) => below(join(data, name))),
    ...["sha256", "sha512"].flatMap((name) => below(join(data, "content/blobs", name))),
    ...below(join(run, "containers")),
    ...mountsBelow(directory).map((path) => `mount ${path}`),
    ...containers.flatMap((id) => processesOf(id).map(({ pid, command }) => `process ${pid} ${command}`)),
    ...containers.flatMap(groupsOf),
    ...(await engine.ok(["ps", "-aq"])).split("\n").map((id) => `container ${id}`),
    ...(await engine.ok(["images", "-aq", "--no-trunc"])).split("\n").map((id) => `image ${id}`),
  ]);
}

/** Does work that is to leave nothing behind, and fails if it did: files, mounts, processes, groups, blobs. */
export async function leavesNothing<T>(engine: Engine, work: () => Promise<T>): Promise<T> {
  const before = await traces(engine);
  const result = await work();
  const look = async () => [...(await traces(engine))].filter((trace) => !before.has(trace));
  let left = await look();
  // What a container leaves is removed after the command has its answer.
  for (let tries = 0; left.length > 0 && tries < PATIENCE; tries += 1) {
    await delay(50);
    left = await look();
  }
  assert.deepEqual(left, [], "something was left behind");
  return result;
}

/** The ids of all containers that the engine's log of events knows; the "id" of a volume would be its name. */
async function containerIds({ ok }: Engine): Promise<string[]> {
  const range = ["--since", "1h", "--until", "0s", "--filter", "type=container"];
  const events = await ok(["events", ...range, "--filter", "event=create", "--format", "{{.Actor.ID}}"]);
  return events.split("\n").filter((id) => id !== "");
}

function groupsOf(id: string): string[] {
  return parseMountinfo(readFileSync("/proc/self/mountinfo", "utf8"))
    .filter(({ type }) => type === "cgroup" || type === "cgroup2")
    .map(({ mountPoint }) => join(mountPoint, "tug/containers", id))
    .filter((path) => existsSync(path));
}

function names(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
