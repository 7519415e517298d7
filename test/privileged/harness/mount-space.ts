import { execFileSync, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { isDead } from "./container.ts";
import { until } from "./until.ts";

/** A mount namespace of the test's own: what is mounted there is seen nowhere else and goes with it. */
export type MountSpace = AsyncDisposable & {
  /** What a command is put behind to run there, in `/`. */
  readonly within: readonly string[];
  /** Runs a command there and returns what it prints. */
  run(...command: string[]): string;
};

/** Makes a mount namespace whose mounts are all private. */
export async function mountSpace(): Promise<MountSpace> {
  const words = ["--mount", "--propagation", "private", "sleep", "infinity"];
  const child = spawn("unshare", words, { stdio: "ignore" });
  const pid = child.pid ?? 0;
  const path = `/proc/${pid}/ns/mnt`;
  const own = readlinkSync("/proc/self/ns/mnt");
  await until("the mount namespace is there", () => readlinkSync(path) !== own);
  await until("its mounts are private", () => readlinkSync(`/proc/${pid}/exe`).endsWith("sleep"));
  const within = ["nsenter", `--mount=${path}`, "--"];
  return {
    within,
    run: (...command) =>
      execFileSync(within[0] ?? "", [...within.slice(1), ...command], { encoding: "utf8" }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await until("the mount namespace is gone", () => isDead(pid));
    },
  };
}
