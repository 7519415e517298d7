import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
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

/** Why there is no helper without guards here, or false. */
export const cannotLink =
  spawnSync("sh", ["-c", "command -v gcc make"]).status === 0 ? false : "needs gcc and make";

/** Makes a helper that lacks guards, or replaces one by it. */
export function linkWithout(guards: readonly Guard[], helper: string): void {
  const words = ["--silent", "-C", join(checkout, "helper"), "unguarded"];
  execFileSync("make", [...words, `GUARDS=${guards.join(" ")}`, `TO=${helper}`]);
}

/** A copy of tug-oci. Its helper lacks the guards that are named: those of helper/tests/unguarded.c take their place. */
export async function runtimeWithout(...guards: readonly Guard[]): Promise<OtherRuntime> {
  const directory = await temporaryDirectory();
  const programs = join(directory.path, "dist/bin");
  const helper = join(directory.path, "dist/helper/tug-helper");
  cpSync(join(checkout, "dist/bin"), programs, { recursive: true });
  if (guards.length === 0) {
    cpSync(join(checkout, "dist/helper/tug-helper"), helper);
  } else {
    mkdirSync(join(directory.path, "dist/helper"));
    linkWithout(guards, helper);
  }
  return {
    command: [process.execPath, join(programs, "tug-oci.mjs")],
    helper,
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}
