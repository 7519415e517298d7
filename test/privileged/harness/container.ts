import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseProcessStat } from "../../../src/host/index.ts";
import { printJson } from "../../../src/specs/oci-runtime/index.ts";
import {
  type ProbeLine,
  type ProbeReport,
  probeLines,
  probeReport,
  temporaryDirectory,
} from "../../environment/index.ts";
import { type ConfigOptions, plainConfig } from "./config.ts";
import { leftovers, sweep } from "./leaks.ts";
import { makeRootfs } from "./rootfs.ts";
import { type CommandOptions, type Outcome, runRuntime } from "./runtime.ts";
import { until } from "./until.ts";

/** What `state` prints. */
export type StateReport = {
  readonly ociVersion: string;
  readonly id: string;
  readonly pid: number;
  readonly status: string;
  readonly bundle: string;
  readonly rootfs: string;
  readonly created: string;
  readonly owner: string;
  readonly annotations?: Readonly<Record<string, string>>;
};

type Options = Omit<CommandOptions, "directory">;

/** A bundle and the container that a test makes of it. When its scope ends, the container is removed and must have left nothing. */
export type Container = AsyncDisposable & {
  readonly id: string;
  /** Private directory of the test, around the bundle. */
  readonly directory: string;
  readonly bundle: string;
  readonly rootfs: string;
  /** What `--root` is given. */
  readonly root: string;
  /** Runs any command of the runtime. */
  runtime(args: readonly string[], options?: Options): Promise<Outcome>;
  /** `run` in the foreground. */
  run(flags?: readonly string[], options?: Options): Promise<Outcome>;
  create(flags?: readonly string[], options?: Options): Promise<Outcome>;
  start(): Promise<Outcome>;
  /** `kill` with a signal, if one is given, and flags. */
  kill(signal?: string, ...flags: string[]): Promise<Outcome>;
  delete(...flags: string[]): Promise<Outcome>;
  /** What `state` prints; fails where the container does not exist. */
  state(): Promise<StateReport>;
  /** Waits until the container's process has ended. */
  stopped(): Promise<void>;
  /** Fails if anything of the container is there. */
  assertNothingLeft(): void;
};

let containers = 0;

/**
 * Writes a bundle. The container is made by the test.
 *
 * @param other command line of another runtime than the one under test
 */
export async function container(options: ConfigOptions = {}, other?: readonly string[]): Promise<Container> {
  const temporary = await temporaryDirectory();
  const directory = temporary.path;
  containers += 1;
  const id = `tug-test-${process.pid}-${containers}`;
  const bundle = join(directory, "bundle");
  const rootfs = join(bundle, "rootfs");
  const root = join(directory, "state");
  await mkdir(join(directory, "output"));
  await makeRootfs(rootfs);
  await writeFile(join(bundle, "config.json"), printJson(plainConfig(id, options)));
  const runtime = (args: readonly string[], more: Options = {}): Promise<Outcome> =>
    runRuntime(["--root", root, ...args], {
      cwd: bundle,
      ...(other && { runtime: other }),
      ...more,
      directory: join(directory, "output"),
    });
  const state = async (): Promise<StateReport> =>
    JSON.parse(succeeded(await runtime(["state", id])).stdout) as StateReport;
  const traces = { id, root, directory };
  const assertNothingLeft = (): void => assert.deepEqual(leftovers(traces), []);
  return {
    ...traces,
    bundle,
    rootfs,
    runtime,
    run: (flags = [], more) => runtime(["run", ...flags, id], more),
    create: (flags = [], more) => runtime(["create", ...flags, id], more),
    start: () => runtime(["start", id]),
    kill: (signal, ...flags) => runtime(["kill", ...flags, id, ...(signal === undefined ? [] : [signal])]),
    delete: (...flags) => runtime(["delete", ...flags, id]),
    state,
    async stopped() {
      const { pid } = await state();
      await until(`container ${id} has stopped`, () => isDead(pid));
    },
    assertNothingLeft,
    async [Symbol.asyncDispose]() {
      try {
        if (leftovers(traces).length === 0) return;
        await runtime(["delete", "--force", id]);
        const left = leftovers(traces);
        if (left.length > 0) await sweep(traces);
        assert.deepEqual(left, []);
      } finally {
        await temporary[Symbol.asyncDispose]();
      }
    },
  };
}

/** The outcome of a command that must succeed. */
export function succeeded(outcome: Outcome): Outcome {
  assert.equal(
    outcome.code,
    0,
    `exit code ${outcome.code} ${outcome.signal ?? ""}\n${outcome.stdout}${outcome.stderr}`,
  );
  return outcome;
}

/** Creates a container and returns the id of its process. */
export async function createdPid(made: Container): Promise<number> {
  const path = join(made.directory, "pid");
  succeeded(await made.create(["--pid-file", path]));
  return Number(readFileSync(path, "utf8"));
}

/** Runs a container to its end, in the foreground, and returns its outcome, which must be success. */
export async function runContainer(options: ConfigOptions, ...flags: string[]): Promise<Outcome> {
  await using made = await container(options);
  return succeeded(await made.run(flags));
}

/** What the probe sees in a container. */
export async function reportOf(options: ConfigOptions, ...flags: string[]): Promise<ProbeReport> {
  return probeReport((await runContainer(options, ...flags)).stdout);
}

/** What the probe finds in a container when it performs verbs: `["read", "/x", ",", "stat", "/y"]`. */
export async function probe(words: readonly string[], options: ConfigOptions = {}): Promise<ProbeLine[]> {
  return probeLines((await runContainer({ ...options, args: ["probe", ...words] })).stdout);
}

/** The names that the probe's verb "list" found. */
export function namesIn(line: ProbeLine | undefined): readonly string[] {
  assert.equal(line?.errno, null, JSON.stringify(line));
  return line?.names as readonly string[];
}

/** A process that is gone, or has ended and only waits to be reaped. */
export function isDead(pid: number): boolean {
  if (pid === 0) return true;
  try {
    return "ZX".includes(parseProcessStat(readFileSync(`/proc/${pid}/stat`, "utf8")).state);
  } catch {
    return true;
  }
}
