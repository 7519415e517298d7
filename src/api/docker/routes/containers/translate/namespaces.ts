import type { NamespaceMode, NamespacesRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { type OriginCollector, refuse } from "./origins.ts";

/** Source: swagger.yaml, `HostConfig`: the modes that each field may have. */
const fields = [
  ["pid", "PidMode", ["private", "host", "container"]],
  ["ipc", "IpcMode", ["none", "private", "shareable", "host", "container"]],
  ["uts", "UTSMode", ["private", "host"]],
  ["cgroup", "CgroupnsMode", ["private", "host"]],
  ["user", "UsernsMode", ["host"]],
] as const;

/**
 * Whose namespaces a container uses.
 *
 * @throws DOCKER_CREATE_VALUE for a mode that the namespace does not have
 */
export function translateNamespaces(host: dockerApi.HostConfig, origins: OriginCollector): NamespacesRequest {
  const modes: Record<string, NamespaceMode> = {};
  for (const [name, key, allowed] of fields) {
    const text = origins.given(`namespaces.${name}`, ["HostConfig", key], host[key]);
    if (text !== undefined) modes[name] = readMode(text, key, allowed);
  }
  return modes;
}

function readMode(text: string, key: string, allowed: readonly string[]): NamespaceMode {
  const [word = "", container] = text.split(/:(.*)/s);
  if (!allowed.includes(word)) {
    const choices = allowed.map((mode) => (mode === "container" ? "container:NAME" : mode)).join(", ");
    throw refuse(["HostConfig", key], `unknown mode "${text}": it must be one of ${choices}`);
  }
  if (word === "container") {
    if (!container) throw refuse(["HostConfig", key], "container: needs the name or id of a container");
    return { mode: "container", container };
  }
  return { mode: word as "private" | "host" | "shareable" | "none" };
}
