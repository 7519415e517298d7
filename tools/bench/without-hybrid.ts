import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

const MARK = "TUG_BENCH_NAMESPACE";

/**
 * crun refuses a machine that has both versions of control groups. There the whole bench runs again, for all
 * contenders alike, in a mount namespace of its own without the v2 hierarchy.
 *
 * @returns the exit code of that run, or undefined where this process may go on
 */
export function runWithoutHybrid(): number | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const unified = mounts.find(([, , type]) => type === "cgroup2")?.[1];
  const hybrid = unified !== undefined && mounts.some(([, , type]) => type === "cgroup");
  if (!hybrid || process.env[MARK] !== undefined) return undefined;
  const script = `umount "$0" && exec "$@"`;
  const { status } = spawnSync(
    "unshare",
    ["-m", "sh", "-c", script, unified, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    {
      stdio: "inherit",
      env: { ...process.env, [MARK]: "1" },
    },
  );
  return status ?? 1;
}
