import { spawn } from "node:child_process";

/** A command line to time: it must end with exit code 0. */
export type CommandLine = readonly string[];

/**
 * Somebody who takes part. A scenario that it has no commands for is left out for it.
 *
 * `runTrue` runs `true` in a fresh container and removes it; `execTrue` runs `true` in the one that `keep` started;
 * `start` and `remove` are for many containers at once.
 */
export type Contender = AsyncDisposable & {
  readonly name: string;
  readonly version: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly runTrue?: (name: string) => CommandLine;
  readonly keep?: (name: string) => CommandLine;
  readonly execTrue?: (name: string) => CommandLine;
  readonly start?: (name: string) => CommandLine;
  readonly remove?: (name: string) => CommandLine;
};

/** Runs a command line and returns how long it took, in milliseconds. */
export async function time(
  command: CommandLine,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [program = "", ...args] = command;
  const begin = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.once("error", fail);
    // Not "close": a container that is left running keeps its standard error open.
    child.once("exit", done);
  });
  const took = performance.now() - begin;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}: ${stderr.slice(0, 500)}`);
  return took;
}
