import { basename } from "node:path";
import { messageOf } from "../../base/index.ts";
import { type Config, type RuntimeConfig, readConfig } from "../../config/index.ts";
import { handlerPath, type RuntimeHandler } from "../../runtime/index.ts";
import { engineError } from "../errors.ts";
import { findProgram, trustedProgram } from "./trusted-program.ts";

/** The runtime that is the engine's own. */
export const OWN_RUNTIME = "tug";

/** Programs that count as configured where they are found. */
const known = ["crun", "runc", "runsc"];

/** Programs that show the host a sandbox instead of processes. */
const sandboxes = ["runsc", "kata-runtime"];

/** What Docker's clients, and what they have copied from another engine, call the runtime that an engine has anyway. */
const usual = ["io.containerd.runc.v2", "io.containerd.runtime.v1.linux"];

/** The runtimes that containers may ask for, by what the configuration and the machine say now. */
export interface RuntimeHandlers {
  /**
   * The runtime that a new container gets; undefined stands for the engine's own.
   *
   * @param asked undefined or empty: whichever is the default
   * @throws ENGINE_HANDLER, CONFIG_FILE
   */
  choose(asked: string | undefined): Promise<RuntimeHandler | undefined>;
  /**
   * The runtime of a container on record; undefined stands for the engine's own.
   *
   * @throws ENGINE_HANDLER, CONFIG_FILE
   */
  find(name: string | undefined): Promise<RuntimeHandler | undefined>;
  /** What is there, for people: programs by name, the own one without. */
  list(): Promise<RuntimeList>;
}

export type RuntimeList = {
  readonly programs: ReadonlyMap<string, string>;
  readonly default: string;
  readonly warnings: readonly string[];
};

/** @param file of the configuration; undefined: the usual one */
export function runtimeHandlers(file: string | undefined): RuntimeHandlers {
  const find: RuntimeHandlers["find"] = async (name) => {
    if (name === undefined || name === OWN_RUNTIME) return undefined;
    const config = await readConfig(file);
    const handler = await lookUp(config, name);
    if (handler === undefined) throw await unknown(config, name);
    return handler;
  };
  return {
    find,
    async choose(asked) {
      if (asked === OWN_RUNTIME) return undefined;
      const config = await readConfig(file);
      const wanted = asked === undefined || asked === "" || usual.includes(asked) ? "" : asked;
      const handler = wanted === "" ? undefined : await lookUp(config, wanted);
      if (handler !== undefined) return handler;
      // "runc" is what an engine of Docker calls the runtime that it has anyway.
      if (wanted !== "" && wanted !== "runc") throw await unknown(config, wanted);
      const { defaultRuntime = OWN_RUNTIME } = config;
      if (defaultRuntime === OWN_RUNTIME) return undefined;
      return (await lookUp(config, defaultRuntime)) ?? Promise.reject(await unknown(config, defaultRuntime));
    },
    async list() {
      try {
        const config = await readConfig(file);
        const programs = await programsOf(config);
        return { programs, default: config.defaultRuntime ?? OWN_RUNTIME, warnings: [] };
      } catch (error) {
        return { programs: new Map(), default: OWN_RUNTIME, warnings: [messageOf(error)] };
      }
    },
  };
}

/** Undefined where nobody has configured it and no program of a known name is there. */
async function lookUp({ runtimes }: Config, name: string): Promise<RuntimeHandler | undefined> {
  const config = runtimes.get(name) ?? (known.includes(name) ? unconfigured(name) : undefined);
  if (config === undefined) return undefined;
  const place = config.path.startsWith("/") ? config.path : await findProgram(config.path, handlerPath);
  if (place === undefined && !runtimes.has(name)) return undefined;
  if (place === undefined) throw unusable(name, `there is no program ${config.path} on ${handlerPath}`);
  const { path, reason } = await trustedProgram(place);
  if (path === undefined) throw unusable(name, reason);
  const sandbox = config.sandbox ?? sandboxes.includes(basename(config.path));
  return { name, path, options: config.options, sandbox };
}

function unconfigured(name: string): RuntimeConfig {
  return { path: name, options: [], sandbox: undefined };
}

async function programsOf({ runtimes }: Config): Promise<Map<string, string>> {
  const programs = new Map<string, string>();
  for (const name of known) {
    const path = await findProgram(name, handlerPath);
    if (path !== undefined) programs.set(name, path);
  }
  for (const [name, { path }] of runtimes) programs.set(name, path);
  return programs;
}

function unusable(name: string, reason: string): Error {
  return engineError("HANDLER", `cannot use runtime ${name}: ${reason}`, {
    hint: "the program and the directories that it is in must belong to root, and to nobody else to write",
  });
}

async function unknown(config: Config, name: string): Promise<Error> {
  const names = [OWN_RUNTIME, ...(await programsOf(config)).keys()];
  return engineError("HANDLER", `there is no runtime ${name}`, {
    hint: `use ${names.join(", ")}, or add it to the configuration: docs/runtimes.md`,
  });
}
