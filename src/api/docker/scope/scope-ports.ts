import type { DockerPorts } from "../door.ts";
import { scopedContainers } from "./containers.ts";
import { scopedImages } from "./images.ts";
import { scopedConfigs, scopedExecs, scopedNetworks, scopedSecrets, scopedVolumes } from "./others.ts";
import { beyond, type Policy } from "./policy.ts";
import { scopedSystem } from "./system.ts";
import { thingsIn } from "./things.ts";

/** An engine as a policy lets it be seen: what the door behind a scoped socket calls. */
export function scopePorts(ports: DockerPorts, policy: Policy): DockerPorts {
  const things = thingsIn(ports, policy);
  const denied = () => {
    throw beyond(policy, "it is the owner's to do");
  };
  return {
    containers: scopedContainers(ports, things),
    execs: scopedExecs(ports, things),
    images: scopedImages(ports, things),
    networks: scopedNetworks(ports, things),
    volumes: scopedVolumes(ports, things),
    secrets: scopedSecrets(ports, things),
    configs: scopedConfigs(ports, things),
    system: scopedSystem(ports, things),
    plans: { explain: denied, planOf: denied },
    process: { describe: denied, end: denied },
    sockets: { list: denied, get: denied, create: denied, remove: denied },
  };
}
