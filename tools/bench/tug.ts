import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { startTug, type TugInstance } from "../../test/environment/index.ts";
import { type Contender, type Network, printFile } from "./contender.ts";
import type { Fixture } from "./fixture.ts";
import { familyOf } from "./memory.ts";
import { serversOf } from "./servers.ts";
import { transferBy } from "./transferrers.ts";

/** tug with an engine of its own, resident before anything is timed. */
export type TugContender = Contender & {
  /** The configuration that the engine gives a container of the image: what bare runtimes are timed with. */
  readonly config: unknown;
};

/** Starts the engine, loads the image, and takes down the configuration of a container. */
export async function tugContender(fixture: Fixture): Promise<TugContender> {
  const instance = await startTug({ run: join(fixture.state, "tug") });
  const tug = (...args: string[]): string[] => [join(fixture.programs, "tug"), ...args];
  await succeed(instance, ["load", "-i", fixture.archive]);
  await succeed(instance, [
    "run",
    "-d",
    "--name",
    "model",
    "--network",
    "none",
    fixture.image,
    "sleep",
    "60",
  ]);
  const [id = ""] = await readdir(join(instance.run, "containers"));
  const config = JSON.parse(
    await readFile(join(instance.run, "containers", id, "state/config.json"), "utf8"),
  );
  await succeed(instance, ["rm", "-f", "model"]);
  const start = (name: string, network: Network): string[] =>
    tug("run", "-d", "--name", name, "--network", network, fixture.image, "sleep", "3600");
  return {
    name: "tug",
    version: (await succeed(instance, ["--version"])).trim(),
    env: { TUG_DATA_ROOT: instance.data, TUG_RUN_ROOT: instance.run, TUG_DEFAULT_NETWORK: "none" },
    config,
    runTrue: (network) => tug("run", "--rm", "--network", network, fixture.image, "true"),
    keep: (name) => start(name, "none"),
    execTrue: (name) => tug("exec", name, "true"),
    start,
    servers: serversOf(tug(), fixture.image),
    socket: join(instance.run, "tug.sock"),
    remove: (name) => tug("rm", "-f", name),
    writeLog: (name, file) =>
      printFile(join(fixture.programs, "tug"), "--log-opt max-size=-1", { name, file, image: fixture.image }),
    readLog: (name) => tug("logs", name),
    pull: ({ here }) => tug("pull", here),
    removeImage: ({ here }) => tug("rmi", here),
    daemons: () => familyOf(enginePid(instance)),
    transfer: transferBy(tug()),
    pidOf: (name) => tug("inspect", "-f", "{{.State.Pid}}", name),
    resident: () => familyOf(enginePid(instance)),
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}

async function succeed(instance: TugInstance, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await instance.tug(args);
  if (code !== 0) throw new Error(`tug ${args.join(" ")}: ${stderr}`);
  return stdout;
}

export function enginePid({ run }: Pick<TugInstance, "run">): number {
  return Number(readFileSync(join(run, "engine.pid"), "utf8"));
}
