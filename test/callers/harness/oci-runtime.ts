import { rm, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startTug } from "../../environment/index.ts";
import { copyPackage } from "../../front/package-copy.ts";

const helper = resolve(import.meta.dirname, "../../../dist/helper/tug-helper");

/** Another runtime to try the tests on, to know what they are worth: `TUG_TEST_RUNTIME=/path/to/runc`. */
const other = process.env.TUG_TEST_RUNTIME;

/** A runtime to be named to a caller by its path. */
export type OciRuntime = AsyncDisposable & {
  readonly path: string;
  /** What the caller's environment must have for it. */
  readonly env: Readonly<Record<string, string>>;
};

/** `tug-oci` as it is installed, without an engine: every call of it starts Node. */
export async function aloneRuntime(directory: string): Promise<OciRuntime> {
  const path = join(directory, "tug-oci");
  await symlink(helper, path);
  return { path: other ?? path, env: {}, async [Symbol.asyncDispose]() {} };
}

/** A `tug-oci` that has no Node, so that it works only through the engine that is there. */
export async function residentRuntime(): Promise<OciRuntime> {
  const engine = await startTug();
  await engine.tug(["version"]);
  const { path } = await copyPackage(engine, "without-node");
  await rm(join(path, "node_modules"));
  const program = join(path, "tug-oci");
  await symlink("dist/helper/tug-helper", program);
  return {
    path: other ?? program,
    env: { TUG_RUN_ROOT: engine.run },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
