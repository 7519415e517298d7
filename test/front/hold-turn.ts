import { spawn } from "node:child_process";
import { once } from "node:events";

/** A process that has its turn to start an engine, and does nothing. */
export async function holdTurn(lock: string): Promise<AsyncDisposable & { holds(): boolean }> {
  const command = ["--no-fork", lock, "sh", "-c", "echo; exec sleep 1000"];
  const child = spawn("flock", command, { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  return {
    holds: () => child.exitCode === null,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
    },
  };
}
