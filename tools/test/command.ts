import { spawn } from "node:child_process";
import { checkout } from "./cache.ts";

export type CommandOptions = {
  cwd?: string;
  /** Added to this process's environment. */
  env?: Readonly<Record<string, string>>;
  /** Ends the command. */
  signal?: AbortSignal;
};

/** How a command ended and what it wrote. `code` is null after a signal. */
export type CommandResult = { code: number | null; stdout: string; stderr: string };

/** Exit code where the program does not exist. */
export const commandNotFound = 127;

/**
 * Runs a program to its end, without a shell and without input. Exit codes other than 0 and a missing program are
 * results, not errors. The program dies with this process.
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, ...output }));
  });
}

/** The standard output of a command that must succeed. */
export async function outputOf(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await runCommand(file, args, options);
  if (result.code === 0) return result.stdout;
  throw new Error(
    `cannot run ${[file, ...args].join(" ")}: exit code ${result.code}\n${result.stderr.trim()}`,
  );
}

/** Runs a program in the checkout with this process's input and output, and returns its exit code. */
export async function runVisibly(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(file, args, { cwd: checkout, stdio: "inherit" });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
