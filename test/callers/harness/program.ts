import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { CommandOptions, CommandResult } from "../../environment/index.ts";

/** How long a command may take, in milliseconds; a program that hangs is killed. */
const PATIENCE = 30_000;

/** A program of others, with what every call of it has before its own words. */
export type Program = {
  /** What its environment has besides that of the test. */
  readonly env: Readonly<Record<string, string>>;
  /** The words of a call with these arguments. */
  words(args: readonly string[]): readonly string[];
  /** Runs it to its end. */
  run(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs it and returns its standard output without the last line break; fails unless it ends with 0. */
  ok(args: readonly string[], options?: CommandOptions): Promise<string>;
};

/**
 * @param command the program and its first arguments
 * @param defaults of every call; what a call gives goes before them
 */
export function program(command: readonly string[], defaults: CommandOptions = {}): Program {
  const words = (args: readonly string[]): readonly string[] => [...command, ...args];
  const run: Program["run"] = (args, options = {}) =>
    runToEnd(words(args), { ...defaults, ...options, env: { ...defaults.env, ...options.env } });
  return {
    env: defaults.env ?? {},
    words,
    run,
    async ok(args, options) {
      const { code, stdout, stderr } = await run(args, options);
      assert.equal(code, 0, `${words(args).join(" ")}: ${code}\n${stderr}${stdout}`);
      return stdout.replace(/\n$/, "");
    },
  };
}

async function runToEnd(
  [file = "", ...args]: readonly string[],
  { env, cwd, input = "" }: CommandOptions,
): Promise<CommandResult> {
  const child = spawn(file, args, {
    env: { ...process.env, ...env },
    cwd,
    timeout: PATIENCE,
    killSignal: "SIGKILL",
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  // Not "close": a container that goes on keeps the outputs open.
  const code = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("exit", (status, signal) =>
      setImmediate(() => done(status ?? (signal === "SIGKILL" ? 137 : 255))),
    );
  });
  return { code, ...output };
}
