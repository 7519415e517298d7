import { type StdioOptions, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { checkout } from "../../../tools/test/cache.ts";
import { debianProgram, probeProgram, requireRoot } from "../../environment/index.ts";

/** The runtime that is tested: tug-oci, or the program that TUG_TEST_RUNTIME names, such as Debian's runc or crun. */
const chosen = process.env.TUG_TEST_RUNTIME;

/** Its name decides which differences are known: see `differs`. */
export const runtimeName = chosen === undefined ? "tug-oci" : basename(chosen);

const command =
  chosen === undefined
    ? [process.execPath, join(checkout, "dist/bin/tug-oci.mjs")]
    : [...besideV2(basename(chosen)), chosen];

/** The command line that runs the runtime. */
export function runtimeCommand(args: readonly string[]): readonly string[] {
  return [...command, ...args];
}

/** Why tests of containers cannot run here, or false. */
export const skip = requireRoot() || debianProgram("busybox").skip || probeProgram().skip;

/**
 * Why a test is not for the runtime under test, or false: `{ skip: skip || differs({ runc: "..." }) }`. The reasons are
 * collected in docs/oci-conformance.md. With TUG_TEST_DIFFERENCES set, such tests run, to see that they still fail.
 */
export function differs(reasons: Readonly<Partial<Record<"runc" | "crun", string>>>): string | false {
  const reason = reasons[runtimeName as "runc"];
  return reason === undefined || process.env.TUG_TEST_DIFFERENCES ? false : `${runtimeName}: ${reason}`;
}

/** How a command ended. */
export type Outcome = {
  /** Null after a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output by now: a container that the command left running goes on writing to it. */
  output(): string;
};

export type CommandOptions = {
  /** Directory for the command's output. */
  readonly directory: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | number;
  /** Descriptors from 3 on. */
  readonly descriptors?: readonly number[];
  /** The command line of another runtime than the one under test. */
  readonly runtime?: readonly string[];
  /** A command that the runtime is started by, such as nsenter with its options. */
  readonly within?: readonly string[];
  /** Called with the process as soon as it runs; `output` is what it has written to standard output by then. */
  readonly onStart?: (pid: number, output: () => string) => void;
};

/** Milliseconds after which a command hangs; the processors of the virtual machine are slow. */
const patience = 60_000;

let commands = 0;

/**
 * Runs the runtime. Its output, and that of what it leaves running, goes to files, so that its end does not depend on
 * who else holds them open. A command that hangs is killed and fails the test.
 */
export async function runRuntime(args: readonly string[], options: CommandOptions): Promise<Outcome> {
  const [file = "", ...words] = [...(options.within ?? []), ...(options.runtime ?? command), ...args];
  const paths = ["out", "err"].map((name) => join(options.directory, `${name}-${commands}`));
  commands += 1;
  const input = typeof options.stdin === "number" ? options.stdin : inputOf(options);
  const outputs = paths.map((path) => openSync(path, "w"));
  const stdio = [input, ...outputs, ...(options.descriptors ?? [])] as StdioOptions;
  const child = spawn(file, words, {
    stdio,
    cwd: options.cwd ?? options.directory,
    env: { ...process.env, ...options.env },
    timeout: patience,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  for (const descriptor of [...outputs, ...(typeof options.stdin === "number" ? [] : [input])]) {
    if (typeof descriptor === "number") closeSync(descriptor);
  }
  const output = () => readFileSync(paths[0] ?? "", "utf8");
  if (child.pid !== undefined) options.onStart?.(child.pid, output);
  const { code, signal } = await ended;
  const [stdout = "", stderr = ""] = paths.map((path) => readFileSync(path, "utf8"));
  if (child.killed) throw new Error(`the command hangs: ${[file, ...words].join(" ")}\n${stdout}${stderr}`);
  return { code, signal, stdout, stderr, output };
}

function inputOf({ stdin }: CommandOptions): number | "ignore" {
  return typeof stdin === "string" ? openSync(stdin, "r") : "ignore";
}

/** crun refuses a machine that has v1 and v2 hierarchies, so it gets a view without the v2 one. */
function besideV2(name: string): string[] {
  if (name !== "crun") return [];
  const script = 'mount --make-rprivate /sys; umount -l /sys/fs/cgroup/unified 2>/dev/null; exec "$@"';
  return ["unshare", "--mount", "--propagation", "unchanged", "--", "sh", "-c", script, "crun"];
}
