import type { HostFacts } from "../../host/index.ts";
import { cgroupLayout, type Existing } from "../../runtime/index.ts";
import { OCI_RUNTIME_VERSION } from "../../specs/oci-runtime/index.ts";
import { containerGroup } from "../spec/build-spec.ts";
import type { ContainerRecord } from "./record.ts";

/**
 * What the state directory of a running container held, as far as its row tells it: somebody has removed the run directory
 * under it. Undefined where nothing of it can be there any more.
 */
export function lostState(
  { id, request, state }: ContainerRecord,
  { root, facts }: { readonly root: string; readonly facts: HostFacts },
): Existing | undefined {
  if (state.pid === 0 || state.bootId !== facts.bootId) return undefined;
  const cgroupsPath = containerGroup(id, request.resources);
  const { hierarchies } = cgroupLayout({ mounts: facts.cgroupMounts, groups: facts.groups, cgroupsPath, id });
  return {
    state: {
      version: 1,
      ociVersion: OCI_RUNTIME_VERSION,
      id,
      bundle: root,
      rootfs: `${root}/rootfs`,
      owner: 0,
      bootId: state.bootId,
      groups: hierarchies.map(({ version, controllers, mount, path }) => ({
        version,
        controllers,
        path: `${mount}${path}`,
      })),
      pid: state.pid,
      startTime: state.startTime,
    },
    stateDir: `${root}/state`,
    spec: undefined,
    hooks: undefined,
  };
}
