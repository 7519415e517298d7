import { rm } from "node:fs/promises";
import { type EngineLayout, writeFileAtomic } from "../base/index.ts";
import { makeServiceGroup } from "../host/index.ts";

/** What an engine is started with. */
export type EngineStart = {
  /** Node, its options, the engine's script and its arguments. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
};

/**
 * Writes down how the next engine is started, for monitors whose containers need one: docs/monitor-protocol.md, "Coming
 * back". Without a start nobody starts one.
 */
export async function writeStartFile(layout: EngineLayout, start: EngineStart | undefined): Promise<void> {
  if (start === undefined) return rm(layout.startFile, { force: true });
  const groups = (await makeServiceGroup("engine")).flatMap((file) => ["--cgroup", file]);
  const variables = Object.entries(start.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const words = [layout.lock, ...groups, ...variables, "--log", layout.log, "--", ...start.command];
  await writeFileAtomic(layout.startFile, words.map((word) => `${word}\0`).join(""), 0o600);
}
