import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheEntry, removeOlderEntries } from "../test/cache.ts";

/** The path of a static program of the bench, which is compiled once. */
export function benchProgram(name: "load" | "stopwatch"): string {
  const source = join(import.meta.dirname, name, `${name}.c`);
  const program = cacheEntry(name, { recipe: 1, arch: process.arch, text: readFileSync(source, "utf8") });
  if (!existsSync(program)) compile(source, program);
  return program;
}

function compile(source: string, program: string): void {
  const partial = `${program}-${process.pid}`;
  mkdirSync(dirname(program), { recursive: true });
  removeOlderEntries(program);
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static"];
  execFileSync("gcc", [...flags, "-o", partial, source]);
  renameSync(partial, program);
}
