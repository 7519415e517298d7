import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before } from "node:test";
import {
  type BuiltImage,
  type CommandOptions,
  type CommandResult,
  debianProgram,
  ociArchive,
  type ProbeReport,
  probeProgram,
  probeReport,
  requireRoot,
  startTug,
  type TugInstance,
} from "../../environment/index.ts";
import { boxImage } from "./box-image.ts";

/** An engine of the tests of a file, with the image `box` (busybox and the probe). */
export type Engine = TugInstance & {
  /** Runs `tug` and returns its standard output; fails unless it ends with 0. */
  ok(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** `tug run --rm OPTIONS box sh -c SCRIPT`, its output without the last line break. */
  sh(options: readonly string[], script: string): Promise<string>;
  /** What the probe reports from a container with these options. */
  report(...options: string[]): Promise<ProbeReport>;
  /** Loads images into the engine, each under a name. */
  load(images: Readonly<Record<string, BuiltImage>>): Promise<void>;
};

/** Why tests on an engine with `box` must be skipped, or false. */
export function needsBox(): string | false {
  return requireRoot() || debianProgram("busybox").skip || probeProgram().skip;
}

/** Starts an engine before the tests of a `describe` and ends it after them; call it there and use what it returns inside of tests. */
export function useEngine(prepare?: Prepare, options?: Parameters<typeof startTug>[0]): Engine {
  let engine: Engine | undefined;
  before(async () => {
    engine = await startEngine(prepare, options);
  });
  after(() => engine?.[Symbol.asyncDispose]());
  return new Proxy({} as Engine, {
    get(_, key) {
      assert.ok(engine !== undefined, "the engine is there only inside of tests");
      return engine[key as keyof Engine];
    },
  });
}

/** Work on the instance's directories before the engine starts. */
type Prepare = (instance: TugInstance) => Promise<void>;

/** An engine with the image `box`; options as of `startTug`. */
export async function startEngine(
  prepare?: Prepare,
  options?: Parameters<typeof startTug>[0],
): Promise<Engine> {
  const instance = await startTug(options);
  try {
    await prepare?.(instance);
    const engine = withCalls(instance);
    await engine.load({ "box:latest": boxImage() });
    return engine;
  } catch (error) {
    await instance[Symbol.asyncDispose]();
    throw error;
  }
}

function withCalls(instance: TugInstance): Engine {
  const ok = async (args: readonly string[], options?: CommandOptions): Promise<string> =>
    succeeded(await instance.tug(args, options), args).stdout;
  return {
    ...instance,
    ok,
    sh: async (options, script) =>
      (await ok(["run", "--rm", ...options, "box", "sh", "-c", script])).replace(/\n$/, ""),
    report: async (...options) => probeReport(await ok(["run", "--rm", ...options, "box", "probe"])),
    async load(images) {
      const archive = join(instance.directory, "load.tar");
      await writeFile(archive, ociArchive(images));
      await ok(["load", "--input", archive]);
    },
    [Symbol.asyncDispose]: () => instance[Symbol.asyncDispose](),
  };
}

/** The result of a command that must have ended with 0. */
export function succeeded(result: CommandResult, args: readonly string[]): CommandResult {
  assert.equal(result.code, 0, `tug ${args.join(" ")}\n${result.stderr}${result.stdout}`);
  return result;
}
