import { resolve } from "node:path";
import { type Client, connect as connectTo } from "../api/docker/client/index.ts";
import { connectMachineEngine, engineRoots, packagedNode } from "../resident/index.ts";

/** Which engine to use. With nothing said it is the one that the `tug` command uses in the same environment. */
export type ConnectOptions = {
  /** Path of a unix socket that tug or Docker listens on. An engine behind a socket is never started. */
  readonly socket?: string | undefined;
  /** What TUG_DATA_ROOT says to the command: where the engine keeps what survives a reboot. */
  readonly dataRoot?: string | undefined;
  /** What TUG_RUN_ROOT says to the command: where the engine keeps what does not survive a reboot. */
  readonly runRoot?: string | undefined;
  /** Ends the waiting for an engine that is coming up. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * A client of the engine. An engine that is not there, now or at a later call, is started, as the `tug` command does; that
 * needs root. Processes that connect at the same time find the same engine.
 *
 * The client needs no closing for the process to end; disposing of it ends its idle connections.
 *
 * @throws TugError ENGINE_PROCESS_NOT_ROOT, ENGINE_PROCESS_START, CLIENT_FORBIDDEN, CLIENT_CANCELED
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const { socket, dataRoot, runRoot, signal } = options;
  if (socket !== undefined) return connectTo({ socket });
  const found = engineRoots(process.env);
  const packageDirectory = resolve(import.meta.dirname, "../..");
  return connectMachineEngine({
    paths: { data: resolve(dataRoot ?? found.data), run: resolve(runRoot ?? found.run) },
    packageDirectory,
    node: () => packagedNode(packageDirectory),
    version: process.env.TUG_VERSION ?? "",
    build: process.env.TUG_BUILD ?? "",
    env: process.env,
    uid: process.getuid?.() ?? 0,
    signal,
  });
}
