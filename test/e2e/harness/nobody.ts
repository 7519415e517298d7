import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkout } from "../../../tools/test/cache.ts";
import type { CommandResult } from "../../environment/index.ts";

const helper = join(checkout, "dist/helper/tug-helper");
const words = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];

/** Why a test that runs tug as somebody who is not root must be skipped, or false. */
export function needsNobody(): string | false {
  const { status } = spawnSync("setpriv", [...words, "test", "-x", helper]);
  return status === 0 ? false : "needs a checkout that others may read";
}

/** Runs `tug` as user and group 65534, without any right, to its end. */
export function tugAsNobody(
  args: readonly string[],
  options: { readonly env: Readonly<Record<string, string>>; readonly cwd?: string },
): Promise<CommandResult> {
  return new Promise((done) => {
    // What the caller is called decides what the program is. A bash with a socket as input reads ~/.bashrc.
    const command = ["bash", "--rcfile", "/dev/null", "-c", 'exec -a tug "$0" "$@"', helper, ...args];
    execFile("setpriv", [...words, ...command], options, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}
