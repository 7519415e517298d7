import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { checkout } from "../../../tools/test/cache.ts";
import type { TugInstance } from "../../environment/index.ts";
import { startTerminal, type TestTerminal } from "./terminal.ts";

export type ShellOptions = {
  /** Further programs to be found by their names. */
  readonly programs?: readonly string[];
  readonly columns?: number;
  readonly rows?: number;
};

let shells = 0;

/**
 * A shell with the prompt `# ` at a terminal, in an empty directory, with `tug` and `tug-oci` on its PATH: the one leads to
 * the instance, the other keeps its state below the instance's directory (`oci`). Needs `needsTerminal()` to be false.
 */
export async function startShell(instance: TugInstance, options: ShellOptions = {}): Promise<TestTerminal> {
  const { programs = [], ...size } = options;
  shells += 1;
  const directory = join(instance.directory, `shell-${shells}`);
  const [bin, hidden, cwd] = ["bin", "hidden", "work"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [bin, hidden, cwd]) await mkdir(path, { recursive: true });
  const helper = join(checkout, "dist/helper/tug-helper");
  for (const path of programs) await symlink(path, join(bin, basename(path)));
  await symlink(helper, join(bin, "tug"));
  await symlink(helper, join(hidden, "tug-oci"));
  const words = `'${hidden}/tug-oci' --root '${instance.directory}/oci' "$@"`;
  await writeFile(join(bin, "tug-oci"), `#!/bin/sh\nexec ${words}\n`);
  await chmod(join(bin, "tug-oci"), 0o755);
  const { TUG_DATA_ROOT = "", TUG_RUN_ROOT = "", TUG_DEFAULT_NETWORK = "" } = instance.env;
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    LC_ALL: "C.UTF-8",
    PS1: "# ",
    TUG_DATA_ROOT,
    TUG_RUN_ROOT,
    TUG_DEFAULT_NETWORK,
  };
  const terminal = await startTerminal("sh", { cwd, env, ...size });
  await terminal.endsWith(/^#$/);
  return terminal;
}
