import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { debianProgram } from "../../test/environment/index.ts";
import type { Contender } from "./contender.ts";
import type { Fixture } from "./fixture.ts";
import type { TugContender } from "./tug.ts";

type Config = {
  process: { args: string[] };
  root: { path: string };
  linux: { cgroupsPath?: string };
  mounts: { source?: string; destination: string }[];
};

/**
 * Bare low-level runtimes on the configuration that the engine would give the same container, each with a root
 * directory of its own. One that is not there does not take part; `oci-alone` is tug-oci without an engine.
 */
export async function runtimeContenders(
  fixture: Fixture,
  { config, env = {} }: TugContender,
): Promise<Contender[]> {
  const bundles = await makeBundles(fixture, config as Config);
  const peers = (["crun", "runc"] as const).flatMap((name) => {
    const { path, skip } = debianProgram(name);
    return skip === false ? [runtime({ name, path, fixture, bundles })] : [];
  });
  const path = join(fixture.programs, "tug-oci");
  // It finds the resident engine, which spares it the start of Node, or none.
  const nowhere = { ...env, TUG_RUN_ROOT: join(fixture.directory, "no-engine") };
  return [
    { ...runtime({ name: "tug-oci", path, fixture, bundles }), env },
    { ...runtime({ name: "oci-alone", path, fixture, bundles }), env: nowhere },
    ...peers,
  ];
}

type Bundles = { readonly once: string; readonly kept: string };

/** One bundle that runs `true` and one that stays. */
async function makeBundles(fixture: Fixture, config: Config): Promise<Bundles> {
  const make = async (name: string, args: string[]): Promise<string> => {
    const bundle = join(fixture.directory, name);
    await mkdir(bundle);
    const { cgroupsPath: _, ...linux } = config.linux;
    // The engine's own files are not there any more.
    const mounts = config.mounts.filter(({ source }) => !source?.includes("/containers/"));
    const process = { ...config.process, args };
    await writeFile(
      join(bundle, "config.json"),
      JSON.stringify({ ...config, process, root: { path: fixture.rootfs }, mounts, linux }),
    );
    return bundle;
  };
  return { once: await make("bundle-true", ["true"]), kept: await make("bundle-sleep", ["sleep", "3600"]) };
}

type Runtime = { name: string; path: string; fixture: Fixture; bundles: Bundles };

function runtime({ name, path, fixture, bundles }: Runtime): Contender {
  const root = join(fixture.state, name);
  const run = (...args: string[]): string[] => [path, "--root", root, ...args];
  // A container without a group of its own choice is in one by its name, and two of one name would share it.
  const own = (id: string): string => `${name}-${id}`;
  let number = 0;
  const kept = new Set<string>();
  return {
    name,
    version: execFileSync(path, ["--version"], { encoding: "utf8" }).split("\n", 1)[0] ?? "",
    runTrue: () => {
      number += 1;
      return run("run", "--bundle", bundles.once, `bench-${name}-${number}`);
    },
    keep: (id) => {
      kept.add(own(id));
      return run("run", "--detach", "--bundle", bundles.kept, own(id));
    },
    execTrue: (id) => run("exec", own(id), "true"),
    start: (id) => run("run", "--detach", "--bundle", bundles.kept, own(id)),
    remove: (id) => run("delete", "--force", own(id)),
    steps: {
      create: (id) => run("create", "--bundle", bundles.kept, own(id)),
      start: (id) => run("start", own(id)),
      state: (id) => run("state", own(id)),
      kill: (id, signal) => run("kill", own(id), signal),
      remove: (id) => run("delete", own(id)),
    },
    async [Symbol.asyncDispose]() {
      for (const id of kept) execFileSync(path, ["--root", root, "delete", "--force", id]);
    },
  };
}
