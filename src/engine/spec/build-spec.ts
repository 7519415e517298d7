import { defaultMaskedPaths, defaultReadonlyPaths, defaultSeccomp } from "../../runtime/index.ts";
import {
  type Hook,
  type Hooks,
  type LinuxSeccomp,
  OCI_RUNTIME_VERSION,
  type Spec,
} from "../../specs/oci-runtime/index.ts";
import type { ResourcesRequest } from "../model/create-request.ts";
import type { SpecInput } from "./input.ts";
import { specMounts } from "./mounts.ts";
import { specNamespaces } from "./namespaces.ts";
import { specProcess } from "./process.ts";
import { specDevices, specResources } from "./resources.ts";
import { parseSeccompProfile } from "./seccomp-profile.ts";

/** Below this group of the engine's own, every container has one; engine and monitors have theirs beside it. */
const CONTAINERS_GROUP = "/tug/containers";

/** The OCI configuration of a container: what the request and the image ask for, the rest as Docker gives it. */
export function buildSpec(input: SpecInput): Spec {
  const { request, id, origins } = input;
  const { security, resources } = request;
  const process = specProcess(input);
  const seccomp = specSeccomp(input, process.capabilities?.bounding ?? []);
  const privileged = security.privileged;
  const hostUts = request.namespaces.uts?.mode === "host";
  origins.note("/hostname", request.from.hostname);
  origins.note("/domainname", request.from.domainname);
  origins.note("/linux/sysctl", request.from.sysctls);
  origins.note("/root/readonly", request.from["security.readonlyRootfs"]);
  return {
    ociVersion: OCI_RUNTIME_VERSION,
    root: { path: input.rootfs, readonly: security.readonlyRootfs },
    process,
    ...(!hostUts && { hostname: input.hostname }),
    ...(!hostUts && request.domainname && { domainname: request.domainname }),
    mounts: specMounts(input),
    ...specHooks(input),
    annotations: { ...request.annotations },
    linux: {
      namespaces: specNamespaces(input),
      devices: specDevices(input),
      cgroupsPath: containerGroup(id, resources),
      resources: specResources(input),
      sysctl: specSysctls(input),
      ...(seccomp && { seccomp }),
      ...(!privileged && {
        maskedPaths: [...(security.maskedPaths ?? defaultMaskedPaths)],
        readonlyPaths: [...(security.readonlyPaths ?? defaultReadonlyPaths)],
      }),
    },
  };
}

/** The path of a container's control group. */
export function containerGroup(
  id: string,
  { cgroupParent: parent = CONTAINERS_GROUP }: Pick<ResourcesRequest, "cgroupParent">,
): string {
  return `${parent.startsWith("/") ? "" : "/"}${parent}/${id}`.replace(/\/{2,}/g, "/");
}

/** The hooks that CDI devices bring; a request has none. */
function specHooks({ cdi, origins }: SpecInput): Pick<Spec, "hooks"> {
  if (cdi.hooks.length === 0) return {};
  const hooks: { [K in keyof Hooks]: Hook[] } = {};
  for (const { kind, hook, from } of cdi.hooks) {
    const list = hooks[kind] ?? [];
    hooks[kind] = list;
    origins.note(`/hooks/${kind}/${list.length}`, from);
    list.push(hook);
  }
  return { hooks };
}

/** As Docker: ports below 1024 and ping need no capability in a network namespace of one's own. */
function specSysctls({ request }: SpecInput): Record<string, string> {
  const own = request.network.mode.kind !== "host" && request.network.mode.kind !== "container";
  return {
    ...(own &&
      !request.security.privileged && {
        "net.ipv4.ip_unprivileged_port_start": "0",
        "net.ipv4.ping_group_range": "0 2147483647",
      }),
    ...request.sysctls,
  };
}

function specSeccomp(
  { request, facts, origins }: SpecInput,
  capabilities: readonly string[],
): LinuxSeccomp | undefined {
  const { seccomp, privileged } = request.security;
  origins.note("/linux/seccomp", request.from["security.seccomp"]);
  if (!facts.security.seccomp || seccomp?.kind === "unconfined") return undefined;
  const input = {
    capabilities,
    machine: facts.architecture,
    kernel: [facts.kernel.major, facts.kernel.minor] as const,
  };
  if (seccomp?.kind === "profile") return parseSeccompProfile(seccomp.json, input);
  return privileged ? undefined : defaultSeccomp(input);
}
