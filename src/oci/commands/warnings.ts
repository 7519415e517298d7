import type { Logger } from "../../base/index.ts";
import type { SpecWarning } from "../../specs/oci-runtime/index.ts";

/** Tells what a configuration holds that is accepted but should not be there. */
export function logWarnings(logger: Logger, warnings: readonly SpecWarning[]): void {
  for (const { pointer, message } of warnings)
    logger.log("warn", message, { place: `config.json#${pointer}` });
}
