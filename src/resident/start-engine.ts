import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { text } from "node:stream/consumers";
import { makeServiceGroup } from "../host/index.ts";
import { residentError } from "./errors.ts";

export type StartOptions = {
  /** The helper program, whose role `launch` gives the engine a context of its own. */
  readonly helper: string;
  /** The lock that an engine holds from its begin to its end. */
  readonly lockFile: string;
  /** Node and the engine's script. */
  readonly command: readonly string[];
  /** File that the engine's output is added to. */
  readonly logFile: string;
  /** Variables of the engine; it has no others. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined;
};

/** Why the helper did not start the engine, by its exit code. See helper/launch.c. */
const refusals: Readonly<Record<number, readonly [reason: string, hint: string]>> = {
  10: [
    "the caller has no_new_privs, which the engine would inherit",
    "start the engine from a login shell: tug info",
  ],
  11: [
    "the caller has a system call filter, which the engine would inherit",
    "start the engine from a login shell: tug info",
  ],
  12: ["the caller lacks capabilities that pid 1 has", "start the engine from a login shell: tug info"],
  13: ["the caller is in another mount namespace than pid 1", "start the engine outside: tug info"],
  14: ["the caller is in another pid namespace than pid 1", "start the engine outside: tug info"],
  15: ["the caller is in another user namespace than pid 1", "start the engine outside: tug info"],
  16: ["the caller is in another network namespace than pid 1", "start the engine outside: tug info"],
  17: [
    "the caller has resource limits that the engine would inherit",
    "start the engine from a login shell: tug info",
  ],
  20: ["its control group cannot be joined", "look at /sys/fs/cgroup/tug"],
  21: ["its log file cannot be opened", "look at the directory of the engine's data"],
};

/**
 * Starts an engine in a session, a control group and an environment of its own: nothing of the caller stays with it. Of
 * many callers at once one starts an engine, and the others none. Resolves when an engine holds the lock, or the one that
 * was started has ended; whether it answers is another question.
 *
 * @returns whether the one that was started still runs
 * @throws ENGINE_PROCESS_START with what the engine would inherit and could not undo; what the signal was aborted with
 */
export async function startEngine({
  helper,
  lockFile,
  command,
  logFile,
  env,
  signal,
}: StartOptions): Promise<() => Promise<boolean>> {
  await mkdir(dirname(logFile), { recursive: true, mode: 0o711 });
  const groups = (await makeServiceGroup("engine")).flatMap((file) => ["--cgroup", file]);
  const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const words = ["--lock", lockFile, ...groups, ...variables, "--log", logFile, "--", ...command];
  const child = spawn(helper, ["launch", ...words], { stdio: ["ignore", "pipe", "ignore"], signal });
  const [pid] = await Promise.all([text(child.stdout), succeeded(child, logFile)]);
  return async () => pid !== "" && (await isAlive(Number(pid)));
}

/**
 * Whether an engine could be started from here.
 *
 * @throws ENGINE_PROCESS_START as `startEngine` would
 */
export async function checkStart({
  helper,
  logFile,
}: Pick<StartOptions, "helper" | "logFile">): Promise<void> {
  await succeeded(spawn(helper, ["launch", "--check"], { stdio: "ignore" }), logFile);
}

async function succeeded(child: ChildProcess, logFile: string): Promise<void> {
  const [code] = (await once(child, "exit")) as [number | null];
  if (code === 0) return;
  const [reason, hint] = refusals[code ?? -1] ?? [`its launcher ended with ${code}`, `look into ${logFile}`];
  throw residentError("START", `cannot start the engine: ${reason}`, { hint });
}

async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "State:\tX");
  return !/^State:\s+[ZX]/m.test(status);
}
