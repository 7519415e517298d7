import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startTug } from "../../environment/index.ts";
import { copyPackage } from "../../front/package-copy.ts";
import type { Program } from "./program.ts";

const helper = resolve(import.meta.dirname, "../../../dist/helper/tug-helper");

/** Another runtime to try the tests on, to know what they are worth: `TUG_TEST_RUNTIME=/path/to/runc`. */
const other = process.env.TUG_TEST_RUNTIME;

/** A runtime to be named to a caller by its path. */
export type OciRuntime = AsyncDisposable & {
  readonly path: string;
  /** What the caller's environment must have for it. */
  readonly env: Readonly<Record<string, string>>;
};

type Inside = (command: readonly string[], env: Readonly<Record<string, string>>) => Program;

/** `tug-oci` as it is installed, without an engine: every call of it starts Node. */
export async function aloneRuntime(directory: string): Promise<OciRuntime> {
  const path = join(directory, "tug-oci");
  await symlink(helper, path);
  return { path: other ?? path, env: {}, async [Symbol.asyncDispose]() {} };
}

/**
 * A `tug-oci` that has no Node, so that it works only through the engine that is there.
 *
 * @param inside where the engine is to run; default: here
 */
export async function residentRuntime(inside?: Inside): Promise<OciRuntime> {
  const engine = await startTug();
  if (inside === undefined) await engine.tug(["version"]);
  else {
    const tug = join(engine.directory, "tug");
    await symlink(helper, tug);
    await inside([tug], engine.env).ok(["version"]);
  }
  const { path } = await copyPackage(engine, "without-node");
  await rm(join(path, "node_modules"));
  const program = join(path, "tug-oci");
  await symlink("dist/helper/tug-helper", program);
  return {
    path: other ?? program,
    env: { TUG_RUN_ROOT: engine.run },
    async [Symbol.asyncDispose]() {
      const pidFile = join(engine.run, "engine.pid");
      // Its number is one in there.
      if (inside !== undefined)
        await inside(["sh", "-c", `kill "$(cat ${pidFile})" && rm ${pidFile}`], {}).ok([]);
      await engine[Symbol.asyncDispose]();
    },
  };
}
