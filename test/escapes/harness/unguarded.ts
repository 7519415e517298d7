import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "../../../tools/test/cache.ts";
import { temporaryDirectory } from "../../environment/index.ts";

/** A function of helper/guard.h, or `seal` of helper/base.h. */
export type Guard =
  | "seal"
  | "guard_open"
  | "guard_open_proc"
  | "guard_resolve"
  | "guard_target"
  | "guard_null"
  | "guard_master"
  | "guard_console"
  | "guard_directory"
  | "guard_descriptors";

/** tug-oci with a helper of its own, gone with its scope. */
export type OtherRuntime = AsyncDisposable & {
  /** The command line that runs it. */
  readonly command: readonly string[];
  /** Its helper's file, which no other process runs from. */
  readonly helper: string;
};

const sources = join(checkout, "helper");
const key = hashOf(globSync(["*.[ch]", "Makefile", "tests/unguarded.c"], { cwd: sources }).sort());

/** Why no helper can be built here, or false. */
export const cannotBuild =
  spawnSync("sh", ["-c", "command -v gcc make"]).status === 0 ? false : "needs gcc and make";

/** Why there is no helper without these guards here, or false. One that was linked before is there in the virtual machine, too. */
export function cannotLink(guards: readonly Guard[]): string | false {
  return existsSync(linked(guards)) ? false : cannotBuild;
}

/** Makes a helper that lacks guards, or replaces one by it: those of helper/tests/unguarded.c take their place. */
export function linkWithout(guards: readonly Guard[], helper: string): void {
  const made = linked(guards);
  if (!existsSync(made)) {
    const partial = `${made}.${process.pid}`;
    mkdirSync(join(made, ".."), { recursive: true });
    const words = ["--silent", "-C", sources, "unguarded"];
    execFileSync("make", [...words, `GUARDS=${guards.join(" ")}`, `TO=${partial}`]);
    renameSync(partial, made);
  }
  cpSync(made, helper);
}

/** A copy of tug-oci whose helper lacks the guards that are named. */
export async function runtimeWithout(...guards: readonly Guard[]): Promise<OtherRuntime> {
  const directory = await temporaryDirectory();
  const programs = join(directory.path, "dist/bin");
  const helper = join(directory.path, "dist/helper/tug-helper");
  cpSync(join(checkout, "dist/bin"), programs, { recursive: true });
  mkdirSync(join(helper, ".."));
  if (guards.length === 0) cpSync(join(checkout, "dist/helper/tug-helper"), helper);
  else linkWithout(guards, helper);
  return {
    command: [process.execPath, join(programs, "tug-oci.mjs")],
    helper,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Where a linked helper is kept, as long as the sources are the same. */
function linked(guards: readonly Guard[]): string {
  return join(sources, "build/unguarded", `${guards.join("+")}-${key}`);
}

function hashOf(files: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(join(sources, file)));
  return hash.digest("hex").slice(0, 12);
}
