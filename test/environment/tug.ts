import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "./temporary.ts";

/** What a command printed and how it ended. */
export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type CommandOptions = {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
};

/** An engine of the test's own, with directories of its own; it ends with its scope, and its containers with it. */
export type TugInstance = AsyncDisposable & {
  readonly data: string;
  readonly run: string;
  /** A directory for the test's files. */
  readonly directory: string;
  /** Variables that lead `tug` to this engine. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `tug` to its end. */
  tug(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Ends the engine by a signal and waits until it is gone; containers go on. */
  stopEngine(signal: NodeJS.Signals): Promise<void>;
};

const programs = resolve(import.meta.dirname, "../../dist/helper");

/** How long a command of a test may take, in milliseconds. */
const PATIENCE = 120_000;

/**
 * Makes directories for an engine, which the first command starts.
 *
 * @param options.run its run directory, in one that the caller removes
 * @param options.defaultNetwork what its containers are connected to that name no network: nothing, unless the caller is in
 *   a network namespace of its own. Only there may a test make a bridge
 * @param options.snapshotter how it keeps layers
 */
export async function startTug(
  options: {
    readonly run?: string;
    readonly defaultNetwork?: "bridge";
    readonly snapshotter?: "overlay" | "erofs";
  } = {},
): Promise<TugInstance> {
  const directory = await temporaryDirectory();
  const data = join(directory.path, "data");
  const { run = join(directory.path, "run"), defaultNetwork = "none", snapshotter } = options;
  await mkdir(data, { mode: 0o711 });
  const env = {
    ...process.env,
    TUG_DATA_ROOT: data,
    TUG_RUN_ROOT: run,
    TUG_DEFAULT_NETWORK: defaultNetwork,
    ...(snapshotter !== undefined && { TUG_SNAPSHOTTER: snapshotter }),
  } as Record<string, string>;
  const tug = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
    runCommand(["tug", ...args], { ...options, env: { ...env, ...options.env } });
  const stopEngine = async (signal: NodeJS.Signals): Promise<void> => {
    const pid = enginePid(run);
    if (pid === undefined) return;
    process.kill(pid, signal);
    while (isAlive(pid)) await sleep(10);
  };
  return {
    data,
    run,
    directory: directory.path,
    env,
    tug,
    stopEngine,
    async [Symbol.asyncDispose]() {
      if (existsSync(join(run, "engine.pid"))) {
        const { stdout } = await tug(["ps", "-aq"]);
        const ids = stdout.split("\n").filter((id) => id !== "");
        if (ids.length > 0) await tug(["rm", "-f", "-v", ...ids]);
      }
      await stopEngine("SIGTERM");
      removeEmptyGroups();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Runs `tug` or `tug-oci` (the first word) to its end; one that hangs is killed. */
export async function runCommand(
  words: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [name = "tug", ...args] = words;
  const child = spawn(join(programs, "tug-helper"), args, {
    argv0: name,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: PATIENCE,
    killSignal: "SIGKILL",
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const code = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("close", (status, signal) => done(status ?? (signal === "SIGKILL" ? 137 : 255)));
  });
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

function enginePid(run: string): number | undefined {
  try {
    return Number(readFileSync(join(run, "engine.pid"), "utf8"));
  } catch {
    return undefined;
  }
}

/** A process that was killed keeps its files, and the locks on them, until its last thread has come back from the disk. */
function isAlive(pid: number): boolean {
  try {
    const hasThreads = readdirSync(`/proc/${pid}/task`).length > 1;
    return hasThreads || !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

/** Takes away the groups that engines share once the last one has gone; one that is in use stays. */
export function removeEmptyGroups(): void {
  const mounts = execFileSync("findmnt", ["-rno", "TARGET", "-t", "cgroup,cgroup2"], { encoding: "utf8" });
  for (const mount of mounts.split("\n").filter((line) => line !== "")) {
    const group = join(mount, "tug");
    if (!existsSync(group)) continue;
    const children = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    for (const path of [...children.map(({ name }) => join(group, name)), group]) {
      try {
        rmdirSync(path);
      } catch {
        // Another engine's.
      }
    }
  }
}
