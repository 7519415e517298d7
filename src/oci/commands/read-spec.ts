import { readBundle } from "../../runtime/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import type { OciEnvironment } from "../command.ts";
import { listenDescriptors, withListenDescriptors } from "../descriptors.ts";

/** Reads a bundle's configuration, and tells what it holds that is accepted but should not be there. */
export async function readSpec(bundle: string, environment: OciEnvironment): Promise<Spec> {
  const { value, warnings } = await readBundle(bundle);
  for (const { pointer, message } of warnings)
    environment.logger.log("warn", message, { place: `config.json#${pointer}` });
  return withListenDescriptors(value, listenDescriptors(environment));
}
