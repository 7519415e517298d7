import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheEntry, removeOlderEntries } from "../test/cache.ts";

const source = join(import.meta.dirname, "load/load.c");

/** The path of the servers and clients for rows about networks: one static program, compiled once. */
export function loadProgram(): string {
  const program = cacheEntry("load", { recipe: 1, arch: process.arch, text: readFileSync(source, "utf8") });
  if (!existsSync(program)) compile(program);
  return program;
}

function compile(program: string): void {
  const partial = `${program}-${process.pid}`;
  mkdirSync(dirname(program), { recursive: true });
  removeOlderEntries(program);
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static"];
  execFileSync("gcc", [...flags, "-o", partial, source]);
  renameSync(partial, program);
}
