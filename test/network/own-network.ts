import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { requireRoot } from "../environment/requirements.ts";

const MARK = "TUG_TEST_OWN_NETWORK";

/**
 * Runs the tests of a file in a process that is alone in a network namespace, and shows their report.
 *
 * @param file the caller's own
 * @param skip why they must be skipped, or false
 * @param declare declares the tests
 */
export function inOwnNetwork(file: string, skip: string | false, declare: () => void): void {
  if (process.env[MARK] === "1") {
    declare();
    return;
  }
  test("in a network namespace of their own", { skip: requireRoot() || skip }, () => {
    const env = { ...process.env, [MARK]: "1", NODE_TEST_CONTEXT: undefined };
    const { status, stdout, stderr } = spawnSync("unshare", ["--net", "--", process.execPath, file], {
      encoding: "utf8",
      // In the virtual machine everything takes ten times as long.
      timeout: 300_000,
      killSignal: "SIGKILL",
      env,
    });
    process.stdout.write(stdout);
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
}
