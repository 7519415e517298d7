import type { HostFacts } from "../../host/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";

/**
 * Refuses what a configuration asks for and no plan brings about, so that nothing is silently missing: labels of mounts,
 * which matter only where SELinux does, as in runc.
 *
 * @throws CONTAINER_UNSUPPORTED with the place
 */
export function refuseUnsupported({ linux }: Spec, { security }: Pick<HostFacts, "security">): void {
  if (linux?.mountLabel === undefined || !security.selinux) return;
  const pointer = "/linux/mountLabel";
  throw lifecycleError("UNSUPPORTED", `cannot use config.json#${pointer}: it is not supported yet`, {
    hint: "remove it, or use another runtime for this container",
    details: { pointer },
  });
}
