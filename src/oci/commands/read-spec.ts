import { resolve } from "node:path";
import { type RuntimeContext, readConfig } from "../../runtime/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import type { OciEnvironment } from "../command.ts";
import { listenDescriptors, withListenDescriptors } from "../descriptors.ts";
import { withHookEnvironment } from "../hook-environment.ts";

/**
 * Reads a configuration, and tells what it holds that is accepted but should not be there.
 *
 * @param config where it is unless in the bundle's config.json
 */
export async function readSpec(
  bundle: string,
  config: string | undefined,
  environment: OciEnvironment,
): Promise<Spec> {
  const path = config === undefined ? `${bundle}/config.json` : resolve(environment.cwd, config);
  const { value, warnings } = await readConfig(path, environment.readFile);
  for (const { pointer, message } of warnings)
    environment.logger.log("warn", message, { place: `config.json#${pointer}` });
  const spec = withHookEnvironment(value, environment.env);
  return withListenDescriptors(spec, listenDescriptors(environment));
}

/** The same, and what the command works with: the machine is looked at while the disk is read. */
export async function readBoth(
  bundle: string,
  config: string | undefined,
  environment: OciEnvironment,
): Promise<readonly [Spec, RuntimeContext]> {
  const spec = readSpec(bundle, config, environment);
  const context = environment.runtime();
  context.catch(() => undefined);
  return [await spec, await context];
}
