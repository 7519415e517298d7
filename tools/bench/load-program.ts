import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Requirement } from "../../test/environment/index.ts";
import { cacheEntry, removeOlderEntries } from "../test/cache.ts";

const source = join(import.meta.dirname, "load/load.c");

/** Servers and clients for rows about networks as one static program, compiled once. */
export function loadProgram(): Requirement {
  const program = cacheEntry("load", { recipe: 1, arch: process.arch, text: readFileSync(source, "utf8") });
  try {
    if (!existsSync(program)) compile(program);
    return { path: program, skip: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { path: "", skip: "needs gcc" };
  }
}

function compile(program: string): void {
  const partial = `${program}-${process.pid}`;
  mkdirSync(dirname(program), { recursive: true });
  removeOlderEntries(program);
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static"];
  execFileSync("gcc", [...flags, "-o", partial, source]);
  renameSync(partial, program);
}
