import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A process that a test started. It goes away with its scope, and with the test's own process. */
export type TestProcess = AsyncDisposable & {
  readonly child: ChildProcess;
  /** Everything written to standard error so far. */
  stderr(): string;
  /** The first match in the lines of standard error, past ones included; fails when the process ends without one. */
  waitForStderr(pattern: RegExp): Promise<RegExpExecArray>;
};

/** Starts a program that keeps running. Disposal sends SIGTERM, and after three seconds SIGKILL. */
export function startProcess(file: string, args: readonly string[], options: SpawnOptions = {}): TestProcess {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", file, ...args], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  child.on("error", () => undefined);
  const lines: string[] = [];
  const stream = child.stderr;
  if (stream === null) throw new Error(`cannot start ${file}: no standard error`);
  const reader = createInterface(stream);
  reader.on("line", (line) => lines.push(line));

  return {
    child,
    stderr: () => lines.join("\n"),
    async waitForStderr(pattern) {
      for (;;) {
        for (const line of lines) {
          const match = pattern.exec(line);
          if (match !== null) return match;
        }
        const next = await Promise.race([once(reader, "line").then(() => true), ended.then(() => false)]);
        if (!next)
          throw new Error(`cannot start ${file}: it ended with ${child.exitCode}\n${lines.join("\n")}`);
      }
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 3000);
      await ended;
      clearTimeout(late);
    },
  };
}
