import type { Logger } from "../../base/index.ts";
import type { Route } from "./route.ts";
import { archiveRoutes } from "./routes/archive/routes.ts";
import type { ContainersPort } from "./routes/containers/port.ts";
import { containerRoutes } from "./routes/containers/routes.ts";
import type { ExecPort } from "./routes/exec/port.ts";
import { execRoutes } from "./routes/exec/routes.ts";
import type { ImagesPort } from "./routes/images/port.ts";
import { imageRoutes } from "./routes/images/routes.ts";
import type { ConfigsPort, SecretsPort } from "./routes/named-data/port.ts";
import { configRoutes, secretRoutes } from "./routes/named-data/routes.ts";
import type { NetworksPort } from "./routes/networks/port.ts";
import { networkRoutes } from "./routes/networks/routes.ts";
import type { SocketsPort } from "./routes/sockets/port.ts";
import { socketRoutes } from "./routes/sockets/routes.ts";
import { swarmRoutes } from "./routes/swarm/routes.ts";
import type { SystemPort } from "./routes/system/port.ts";
import { systemRoutes } from "./routes/system/routes.ts";
import type { PlansPort, ProcessPort } from "./routes/tug/port.ts";
import { tugRoutes } from "./routes/tug/routes.ts";
import type { VolumesPort } from "./routes/volumes/port.ts";
import { volumeRoutes } from "./routes/volumes/routes.ts";
import { admitBy, type Policy } from "./scope/policy.ts";
import { scopePorts } from "./scope/scope-ports.ts";
import { createDoor, type DockerDoor } from "./server.ts";

/** What the door needs of an engine, per noun. */
export type DockerPorts = {
  readonly containers: ContainersPort;
  readonly execs: ExecPort;
  readonly images: ImagesPort;
  readonly networks: NetworksPort;
  readonly volumes: VolumesPort;
  readonly secrets: SecretsPort;
  readonly configs: ConfigsPort;
  readonly system: SystemPort;
  readonly plans: PlansPort;
  readonly process: ProcessPort;
  readonly sockets: SocketsPort;
};

export type DoorSettings = { readonly logger: Logger; readonly version: string };

/**
 * A server of the Docker Engine API in front of an engine. It holds no state; call `door.server.listen` to open it.
 *
 * @param options.version of tug, for the Server header
 */
export function createDockerDoor(ports: DockerPorts, options: DoorSettings): DockerDoor {
  return createDoor({ routes: dockerRoutes(ports), ...options });
}

/**
 * The same for a scoped socket. What is not allowed is refused before anything of a request is looked at but its method and
 * path; behind that there is an engine that holds nothing but what is in the scope.
 */
export function createScopedDoor(ports: DockerPorts, policy: Policy, options: DoorSettings): DockerDoor {
  return createDoor({ routes: dockerRoutes(scopePorts(ports, policy)), admit: admitBy(policy), ...options });
}

/** Every endpoint. */
export function dockerRoutes(ports: DockerPorts): readonly Route[] {
  return [
    ...systemRoutes(ports),
    ...containerRoutes(ports.containers),
    ...archiveRoutes(ports.containers.files),
    ...execRoutes(ports.execs),
    ...imageRoutes(ports.images),
    ...networkRoutes(ports.networks),
    ...volumeRoutes(ports.volumes),
    ...secretRoutes(ports.secrets),
    ...configRoutes(ports.configs),
    ...swarmRoutes(),
    ...socketRoutes(ports.sockets),
    ...tugRoutes(ports.plans, ports.process),
  ];
}
