import { join, resolve } from "node:path";
import type { Client } from "../api/docker/client/index.ts";
import { type EnginePaths, enginePaths } from "../base/index.ts";
import { connectEngine } from "./connect-engine.ts";
import { checkStart, startEngine } from "./start-engine.ts";

/** Who looks for an engine, and what it would start. */
export type MachineEngineOptions = {
  /** Of the engine, as `engineRoots` tells them. */
  readonly paths: EnginePaths;
  /** The package that the caller runs from: the engine's script and the helper are in it. */
  readonly packageDirectory: string;
  /** Tells the Node that runs the engine; asked when one is started. */
  readonly node: () => string;
  readonly version: string;
  readonly build: string;
  /** The proxies of whoever starts the engine are those that it uses, and so are TUG_DEFAULT_NETWORK, TUG_SNAPSHOTTER, TUG_POLICY, TUG_REGISTRIES_D, TUG_CONFIG and TUG_CDI_SPEC_DIRS; it gets nothing else of this. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** User id of the caller. */
  readonly uid: number;
  readonly signal?: AbortSignal | undefined;
  /** Is told, once, what an engine does that takes its time before it answers. */
  readonly onWork?: ((sentence: string) => void) | undefined;
};

/**
 * Options of the engine's Node, which is there all the time and mostly idle. With less room for what is new a run costs a
 * tenth more, with more the engine keeps megabytes at rest that hardly save time. What a large pull or removal leaves
 * behind is collected sooner than by default. --optimize-for-size would take a little more off its memory, and make reading
 * a log twice as long. helper/front.c has them too, for `tug engine`, and `frugalMemory`.
 */
const frugality = ["--max-semi-space-size=8", "--heap-growing-percent=40"] as const;

/** With an arena for each of its threads, glibc keeps 10 to 20 MB more after a pull, in holes. */
const frugalMemory = { MALLOC_ARENA_MAX: "1" } as const;

/** Where the engine of an environment keeps things: TUG_DATA_ROOT and TUG_RUN_ROOT, or the machine's own places. */
export function engineRoots(env: Readonly<Record<string, string | undefined>>): EnginePaths {
  return {
    data: resolve(env.TUG_DATA_ROOT ?? "/var/lib/tug"),
    run: resolve(env.TUG_RUN_ROOT ?? "/run/tug"),
  };
}

/**
 * A client of the engine of this machine, started from the caller's package when nobody answers, now or later.
 *
 * @throws ENGINE_PROCESS_NOT_ROOT, ENGINE_PROCESS_START, CLIENT_CANCELED
 */
export function connectMachineEngine(options: MachineEngineOptions): Promise<Client> {
  const { paths, packageDirectory, node, version, build, env, uid, signal, onWork } = options;
  const { socket, log: logFile, lock: lockFile, workFile } = enginePaths(paths);
  const helper = join(packageDirectory, "dist/helper/tug-helper");
  return connectEngine({
    socket,
    uid,
    logFile,
    lockFile,
    workFile,
    onWork,
    own: { version, build },
    check: () => checkStart({ helper, logFile }),
    start: (signal) =>
      startEngine({
        helper,
        lockFile,
        command: [
          node(),
          "--disable-warning=ExperimentalWarning",
          ...frugality,
          join(packageDirectory, "dist/bin/engine.mjs"),
          "--data-root",
          paths.data,
          "--run-root",
          paths.run,
          ...(env.TUG_POLICY ? ["--policy", resolve(env.TUG_POLICY)] : []),
          ...(env.TUG_REGISTRIES_D ? ["--registries-d", resolve(env.TUG_REGISTRIES_D)] : []),
          ...(env.TUG_CONFIG ? ["--config", resolve(env.TUG_CONFIG)] : []),
          ...(env.TUG_CDI_SPEC_DIRS ? ["--cdi-spec-dirs", env.TUG_CDI_SPEC_DIRS] : []),
          ...(env.TUG_SNAPSHOTTER ? ["--snapshotter", env.TUG_SNAPSHOTTER] : []),
          ...(env.TUG_DEFAULT_NETWORK ? ["--default-network", env.TUG_DEFAULT_NETWORK] : []),
        ],
        env: {
          PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          HOME: "/root",
          LANG: "C.UTF-8",
          ...frugalMemory,
          ...proxyVariables(env),
        },
        logFile,
        signal,
      }),
    signal,
  });
}

function proxyVariables(from: MachineEngineOptions["env"]): Record<string, string> {
  const isProxy = ([name, value]: [string, string | undefined]) =>
    /^(?:http|https|all|no)_proxy$/i.test(name) && value !== undefined;
  return Object.fromEntries(Object.entries(from).filter(isProxy)) as Record<string, string>;
}
