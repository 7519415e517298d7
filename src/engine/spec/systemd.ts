import type { CreateContainerRequest } from "../model/create-request.ts";
import type { ResolvedMount, SpecInput } from "./input.ts";

/**
 * What systemd asks of whoever makes its container, beyond what every container here has.
 * Source: https://systemd.io/CONTAINER_INTERFACE/
 */

/** Whether systemd boots in the container. */
export function runsSystemd({ systemd }: Pick<CreateContainerRequest, "systemd">): boolean {
  return systemd === "always";
}

/**
 * What systemd mounts at boot and cannot mount without CAP_SYS_ADMIN; it takes a mount that is there as its own. What the
 * image has at these places is copied.
 */
export function systemdMounts({ request }: Pick<SpecInput, "request">): ResolvedMount[] {
  if (!runsSystemd(request)) return [];
  const from = "systemd";
  const memory = (target: string, ...options: string[]): ResolvedMount => ({
    target,
    source: undefined,
    options: ["nosuid", "nodev", "tmpcopyup", ...options],
    from,
  });
  return [
    memory("/run", "strictatime", "mode=755"),
    memory("/run/lock", "noexec", "mode=1777"),
    memory("/tmp", "strictatime", "mode=1777"),
  ];
}

/** The variables by which systemd knows that it is in a container, and which one: its machine id, where it has none. */
export function systemdVariables({ request, id }: Pick<SpecInput, "request" | "id">): string[] {
  return runsSystemd(request) ? ["container=tug", `container_uuid=${id.slice(0, 32)}`] : [];
}
