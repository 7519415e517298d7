import { type ChildProcess, spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { until } from "../../privileged/harness/until.ts";
import type { Engine } from "./engine.ts";

/** A command that goes on while the test does something. It ends with its scope. */
export type RunningCommand = AsyncDisposable & {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Waits until standard output matches. */
  prints(pattern: RegExp): Promise<void>;
  /** Its exit code, 128 + n after signal n, once both outputs have ended. */
  readonly code: Promise<number>;
};

const programs = resolve(import.meta.dirname, "../../../dist/helper");
const signals = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 } as Record<string, number>;

/** Starts `tug` with pipes; the input stays open until the test ends it. */
export function startTugCommand(engine: Pick<Engine, "env">, args: readonly string[]): RunningCommand {
  const child = spawn(join(programs, "tug-helper"), args, { argv0: "tug", env: engine.env });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  const code = new Promise<number>((done) => {
    child.once("close", (status, signal) => done(status ?? 128 + (signals[signal ?? ""] ?? 0)));
  });
  return {
    child,
    code,
    stdout: () => stdout,
    stderr: () => stderr,
    async prints(pattern) {
      await until(`tug ${args.join(" ")} prints ${pattern}: ${stdout}${stderr}`, () => pattern.test(stdout));
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await code;
    },
  };
}
