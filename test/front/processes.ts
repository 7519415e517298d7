import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseProcessStat } from "../../src/host/index.ts";

export type Process = { readonly pid: number; readonly parent: number; readonly title: string };

/** All that have not ended. */
export function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const { parentPid: parent } = parseProcessStat(readFileSync(`/proc/${name}/stat`, "utf8"));
        const title = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").join(" ").trim();
        return [{ pid: Number(name), parent, title }];
      } catch {
        return [];
      }
    });
}

export function childrenOf(pid: number): Process[] {
  return processes().filter(({ parent }) => parent === pid);
}

/** The engine of a run directory. */
export function enginePid(run: string): number {
  return Number(readFileSync(join(run, "engine.pid"), "utf8"));
}

/** The process that forks for it. */
export function spawnerPid(run: string): number {
  const found = childrenOf(enginePid(run)).filter(({ title }) => title === "tug:[spawner]");
  assert.equal(found.length, 1);
  return found[0]?.pid ?? 0;
}
