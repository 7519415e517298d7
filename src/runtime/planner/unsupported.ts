import type { HostFacts } from "../../host/index.ts";
import type { Spec } from "../../specs/oci-runtime/index.ts";
import { lifecycleError } from "../errors.ts";

/**
 * Refuses what a configuration asks for and no plan brings about, so that nothing is silently missing.
 *
 * A mount label matters only where SELinux does, as in runc.
 *
 * @throws CONTAINER_UNSUPPORTED with the place
 */
export function refuseUnsupported({ linux }: Spec, { security }: HostFacts): void {
  const asked: readonly (readonly [pointer: string, given: boolean])[] = [
    ["/linux/intelRdt", linux?.intelRdt !== undefined],
    ["/linux/mountLabel", linux?.mountLabel !== undefined && security.selinux],
  ];
  const [pointer] = asked.find(([, given]) => given) ?? [];
  if (pointer === undefined) return;
  throw lifecycleError("UNSUPPORTED", `cannot use config.json#${pointer}: it is not supported yet`, {
    hint: "remove it, or use another runtime for this container",
    details: { pointer },
  });
}
