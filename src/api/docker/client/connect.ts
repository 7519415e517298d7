import { type ContainerCalls, createContainerCalls } from "./container-calls.ts";
import { createExecCalls, type ExecCalls } from "./exec-calls.ts";
import { createFileCalls, type FileCalls } from "./file-calls.ts";
import { createImageCalls, type ImageCalls } from "./image-calls.ts";
import { createNetworkCalls, type NetworkCalls } from "./network-calls.ts";
import { createSystemCalls, createTugCalls, type SystemCalls, type TugCalls } from "./system-calls.ts";
import { createTransport, type TransportOptions } from "./transport.ts";

/**
 * The engine as a library sees it. Failures are TugErrors with the engine's kind, code, hint and details.
 *
 * Disposing of a client ends its idle connections; what is under way goes on.
 */
export type Client = Disposable & {
  readonly containers: ContainerCalls;
  readonly files: FileCalls;
  readonly execs: ExecCalls;
  readonly images: ImageCalls;
  readonly networks: NetworkCalls;
  readonly system: SystemCalls;
  readonly tug: TugCalls;
};

/** A client of the engine that listens on a unix socket, or that `dial` reaches. Connects when the first call is made. */
export function connect(options: TransportOptions): Client {
  const transport = createTransport(options);
  return {
    containers: createContainerCalls(transport),
    files: createFileCalls(transport),
    execs: createExecCalls(transport),
    images: createImageCalls(transport),
    networks: createNetworkCalls(transport),
    system: createSystemCalls(transport),
    tug: createTugCalls(transport),
    [Symbol.dispose]: () => transport.close(),
  };
}
