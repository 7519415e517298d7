import { rename, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startTug } from "../../environment/index.ts";
import { copyPackage } from "../../front/package-copy.ts";
import { until } from "../../privileged/harness/until.ts";
import { type Program, program } from "./program.ts";

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
 * A `tug-oci` with an engine beside it, which answers it.
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
  const { path } = await copyPackage(engine, "package");
  const own = join(path, "tug-oci");
  await symlink("dist/helper/tug-helper", own);
  // Without Node it can only ask the engine; with it, it does not wait for one that is busy.
  await rename(join(path, "node_modules"), join(path, "aside"));
  const ask = (inside ?? plain)([own, "--version"], { TUG_RUN_ROOT: engine.run });
  await until("the engine answers", async () => (await ask.run([])).code === 0);
  await rename(join(path, "aside"), join(path, "node_modules"));
  return {
    path: other ?? own,
    env: { TUG_RUN_ROOT: engine.run },
    async [Symbol.asyncDispose]() {
      const pidFile = join(engine.run, "engine.pid");
      // Its number is one in there, and what it writes at its end goes to the directory that is removed now.
      const end = `pid=$(cat "$0") && kill "$pid" && while kill -0 "$pid"; do sleep 0.02; done 2>/dev/null; rm -f "$0"`;
      if (inside !== undefined) await inside(["sh", "-c", end, pidFile], {}).ok([]);
      await engine[Symbol.asyncDispose]();
    },
  };
}

function plain(command: readonly string[], env: Readonly<Record<string, string>>): Program {
  return program(command, { env });
}
