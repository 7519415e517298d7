import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { requireRoot } from "../../environment/index.ts";

const MARK = "TUG_TEST_OWN_MACHINE";

/** How long the tests of a file may take, in milliseconds, on an emulated processor, too. */
const PATIENCE = 400_000;

/**
 * Runs the tests of a file in namespaces and a control group of their own, and shows their report. Daemons, containers,
 * mounts and groups that a test leaves behind go with them, and what programs keep in `/run` is not the machine's.
 *
 * @param file the caller's own
 * @param skip why they must be skipped, or false
 * @param declare declares the tests
 */
export function onOwnMachine(file: string, skip: string | false, declare: () => void): void {
  if (process.env[MARK] === "1") {
    declare();
    return;
  }
  test("on a machine of their own", { skip: needsOwnMachine() || skip, timeout: PATIENCE }, () => {
    const group = `tug-callers-${process.pid}`;
    const script = join(import.meta.dirname, "own-machine.sh");
    try {
      const { status, stdout, stderr } = spawnSync(
        "setpriv",
        ["--pdeathsig", "KILL", "--", script, group, process.execPath, `--test-timeout=${PATIENCE}`, file],
        {
          encoding: "utf8",
          timeout: PATIENCE,
          killSignal: "SIGKILL",
          env: { ...process.env, [MARK]: "1", NODE_TEST_CONTEXT: undefined },
        },
      );
      process.stdout.write(stdout);
      assert.equal(status, 0, `${stdout}${stderr}`);
    } finally {
      removeGroups(group);
    }
  });
}

/** Why there can be no such machine, or false. */
function needsOwnMachine(): string | false {
  if (requireRoot() !== false) return requireRoot();
  const succeeds = (...command: readonly string[]): boolean =>
    spawnSync(command[0] ?? "", command.slice(1)).status === 0;
  if (!succeeds("unshare", "--net", "--mount", "--pid", "--cgroup", "--fork", "true")) {
    return "needs namespaces of its own";
  }
  const writable = `found=1
    for top in $(findmnt -rno TARGET -t cgroup,cgroup2); do [ -w "$top" ] || exit 1; found=0; done; exit $found`;
  return succeeds("sh", "-c", writable) ? false : "needs control groups that can be written";
}

/** Removes a control group and those below it in every hierarchy. Its processes have ended with their namespace. */
function removeGroups(name: string): void {
  // A process that was killed may be in its group for a moment yet.
  const script = `for top in $(findmnt -rno TARGET -t cgroup,cgroup2); do
    for try in 1 2 3 4 5 6 7 8 9; do
      [ -d "$top/$0" ] || break
      find "$top/$0" -depth -type d -exec rmdir {} + || sleep 0.$try
    done
    [ ! -d "$top/$0" ] || exit 1
  done`;
  const { status, stderr } = spawnSync("sh", ["-c", script, name], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}
