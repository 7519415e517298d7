import { type CheckpointCalls, createCheckpointCalls } from "./checkpoint-calls.ts";
import { type ContainerCalls, createContainerCalls } from "./container-calls.ts";
import { createExecCalls, type ExecCalls } from "./exec-calls.ts";
import { createFileCalls, type FileCalls } from "./file-calls.ts";
import { createImageCalls, type ImageCalls } from "./image-calls.ts";
import { type ConfigCalls, createDataCalls, type SecretCalls } from "./named-data-calls.ts";
import { createNetworkCalls, type NetworkCalls } from "./network-calls.ts";
import { createSocketCalls, type SocketCalls } from "./socket-calls.ts";
import { createSystemCalls, createTugCalls, type SystemCalls, type TugCalls } from "./system-calls.ts";
import { createTransport, type TransportOptions } from "./transport.ts";
import { createVolumeCalls, type VolumeCalls } from "./volume-calls.ts";

/**
 * The engine as a library sees it. Failures are TugErrors with the engine's kind, code, hint and details.
 *
 * Disposing of a client ends its idle connections; what is under way goes on.
 */
export type Client = Disposable & {
  /** Containers: their life, their output, what they use. */
  readonly containers: ContainerCalls;
  /** What processes of containers are, in files, to go on from. */
  readonly checkpoints: CheckpointCalls;
  /** Files of containers, as tar archives. */
  readonly files: FileCalls;
  /** Further programs in running containers. */
  readonly execs: ExecCalls;
  /** Images in the store, and in other places. */
  readonly images: ImageCalls;
  /** Networks that containers are connected to. */
  readonly networks: NetworkCalls;
  /** Directories that outlive containers. */
  readonly volumes: VolumeCalls;
  /** Passwords, keys and such, that containers get as files. */
  readonly secrets: SecretCalls;
  /** Files of configuration that containers get. */
  readonly configs: ConfigCalls;
  /** Sockets by which others may use a part of the engine. */
  readonly sockets: SocketCalls;
  /** The engine itself, and what happens in it. */
  readonly system: SystemCalls;
  /** What Docker's API does not have. */
  readonly tug: TugCalls;
};

/** A client of the engine that listens on a unix socket, that connections can be made to, or that is in this process. Connects when the first call is made. */
export function connect(options: TransportOptions): Client {
  const transport = createTransport(options);
  return {
    containers: createContainerCalls(transport),
    checkpoints: createCheckpointCalls(transport),
    files: createFileCalls(transport),
    execs: createExecCalls(transport),
    images: createImageCalls(transport),
    networks: createNetworkCalls(transport),
    volumes: createVolumeCalls(transport),
    secrets: createDataCalls(transport, "secret"),
    configs: createDataCalls(transport, "config"),
    sockets: createSocketCalls(transport),
    system: createSystemCalls(transport),
    tug: createTugCalls(transport),
    [Symbol.dispose]: () => transport.close(),
  };
}
