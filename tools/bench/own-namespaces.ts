import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { debianProgram } from "../../test/environment/index.ts";

/** Ends of connections are kept for a minute. Many follow each other: all ports are used, and taken again before that. */
export const MANY_CONNECTIONS =
  "echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse && echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range";

const MARK = "TUG_BENCH_NAMESPACE";

/** Whether this is the bench in its own namespaces. */
export function isInOwnNamespaces(): boolean {
  return process.env[MARK] !== undefined;
}

/**
 * Runs the whole bench again in a network namespace of its own, so that bridges and rules of the contenders which it
 * starts go with it. Where the machine has both versions of control groups, which crun refuses, it is for all alike also a
 * mount namespace without the v2 hierarchy.
 *
 * @returns the exit code of that run, or undefined where this process is it
 */
export function runInOwnNamespaces(): number | undefined {
  if (isInOwnNamespaces()) return undefined;
  const unified = unifiedBesideLegacy();
  const words = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const script = `${unified === undefined ? "" : 'umount "$UNIFIED" && '}"$BUSYBOX" ip link set lo up && ${MANY_CONNECTIONS} && exec "$@"`;
  const { status } = spawnSync("unshare", ["--mount", "--net", "sh", "-c", script, "bench", ...words], {
    stdio: "inherit",
    env: { ...process.env, [MARK]: "1", UNIFIED: unified, BUSYBOX: debianProgram("busybox").path },
  });
  return status ?? 1;
}

/** Where the v2 hierarchy is mounted on a machine that has hierarchies of version 1, too. */
function unifiedBesideLegacy(): string | undefined {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const unified = mounts.find(([, , type]) => type === "cgroup2")?.[1];
  return mounts.some(([, , type]) => type === "cgroup") ? unified : undefined;
}
