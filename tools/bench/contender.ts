import { execFile, spawn } from "node:child_process";
import { promisify } from "node:util";
import { benchProgram } from "./programs.ts";
import type { Offered } from "./registries.ts";
import type { Servers } from "./servers.ts";

/** A command line to time: it must end with exit code 0. */
export type CommandLine = readonly string[];

/**
 * Somebody who takes part. A scenario that it has no commands for is left out for it.
 *
 * `runTrue` runs `true` in a fresh container, with a network or without, and removes it; `execTrue` runs `true` in the one that `keep` started;
 * `start` and `remove` are for many containers at once. `writeLog` prints a file into the log of a fresh container and ends
 * with it, `readLog` prints that log. `pidOf` prints the pid of a container's first process, whose parent is its monitor;
 * `servers` are containers on a bridge that can be reached in the bench's namespace; `socket` is where the engine answers
 * Docker's API;
 * `pull` leaves an image ready to be run, `removeImage` nothing of it; `checkPulled` fails where the image is not kept as the
 * contender's name says, `daemons` gives the processes that stay when it has pulled;
 * `steps` are those of a low-level runtime; `resident` gives the processes that live beside containers.
 */
export type Contender = AsyncDisposable & {
  readonly name: string;
  readonly version: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly runTrue?: (network: Network) => CommandLine | undefined;
  readonly keep?: (name: string) => CommandLine;
  readonly execTrue?: (name: string) => CommandLine;
  readonly start?: (name: string, network: Network) => CommandLine | undefined;
  readonly remove?: (name: string) => CommandLine;
  readonly writeLog?: (name: string, file: string) => CommandLine;
  readonly readLog?: (name: string) => CommandLine;
  readonly servers?: Servers;
  readonly socket?: string;
  readonly pull?: (image: Offered) => CommandLine;
  readonly daemons?: () => readonly number[];
  readonly checkPulled?: (image: Offered) => Promise<void>;
  readonly removeImage?: (image: Offered) => CommandLine;
  readonly transfer?: Transfer;
  readonly steps?: LifeSteps;
  readonly pidOf?: (name: string) => CommandLine;
  readonly resident?: () => readonly number[];
};

/** `bridge` is an engine's default network; a low-level runtime makes a namespace without any link either way. */
export type Network = "none" | "bridge";

/** One image, which `bring` gets from a registry into what is kept here, and `forget` removes, also under what it was sent as. */
export type Transfer = {
  readonly bring: (image: Places) => CommandLine;
  readonly save: (image: Places, file: string) => CommandLine;
  readonly push: (image: Places, target: Places) => CommandLine;
  readonly load: (image: Places, file: string) => CommandLine;
  readonly forget: (image: Places, target?: Places) => CommandLine;
};

type Places = Pick<Offered, "here" | "there">;

/** The single steps of a container's life, as callers of a low-level runtime take them. */
export type LifeSteps = {
  readonly create: (name: string) => CommandLine;
  readonly start: (name: string) => CommandLine;
  readonly state: (name: string) => CommandLine;
  readonly kill: (name: string, signal: string) => CommandLine;
  readonly remove: (name: string) => CommandLine;
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

/** The same once all is written that others have left to write: nobody waits for another one's disk. */
export async function timeAlone(...given: Parameters<typeof time>): Promise<number> {
  await print(["sync"]);
  return await time(...given);
}

/**
 * How long a command line takes that is run after a pause, in milliseconds, as a small program sees it: this one takes
 * milliseconds itself to make a process and to notice its end, more so after a pause.
 */
export async function timeRested(
  pause: number,
  command: CommandLine,
  env?: Readonly<Record<string, string>>,
): Promise<number> {
  return Number(await print([benchProgram("stopwatch"), String(pause), ...command], env));
}

/** Runs a command line and returns what it prints. */
export async function print(
  [program = "", ...args]: CommandLine,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { env: { ...process.env, ...env } });
  return stdout.trim();
}

/** Runs a container that prints a mounted file, and waits for its end. The arguments are words of a shell. */
export function printFile(program: string, options: string, { name, file, image }: Printing): CommandLine {
  const mount = `-v ${file}:/lines:ro --network none`;
  const run = `${program} run -d --name ${name} ${options} ${mount} ${image} cat /lines`;
  return ["sh", "-c", `${run} >/dev/null && ${program} wait ${name} >/dev/null`];
}

export type Printing = { readonly name: string; readonly file: string; readonly image: string };
