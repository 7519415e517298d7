import { drained } from "../../base/index.ts";
import { attachToMonitor, type Attachment as MonitorAttachment } from "../../helper/index.ts";
import { createFrameDecoder, type OutputChunk } from "../../specs/docker-api/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import { publishContainer } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import { isRunning } from "./stop.ts";

/** Which streams a client wants. */
export type AttachStreams = { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };

/** A client's connection to a container's streams; see the Docker door's port of the same shape. */
export interface ContainerAttachment {
  readonly tty: boolean;
  readonly output: AsyncIterable<OutputChunk>;
  write(data: Uint8Array): Promise<void>;
  closeStdin(): Promise<void>;
  /** The client has typed the detach keys. */
  detach(): void;
  close(): Promise<void>;
}

/**
 * Attaches to a container's streams. One that does not run yet can be attached to: the connection is made before its
 * program begins, so nothing is missed.
 */
export async function attachContainer(
  context: EngineContext,
  live: LiveContainers,
  { record, streams, signal }: { record: ContainerRecord; streams: AttachStreams; signal: AbortSignal },
): Promise<ContainerAttachment> {
  const { layout } = context;
  const entry = live.get(record.id);
  if (record.state.status === "paused") {
    throw engineError("CONTAINER_PAUSED", `cannot attach to container ${record.name}: it is paused`, {
      hint: `let it go on with: tug unpause ${record.name}`,
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<MonitorAttachment>();
  promise.catch(() => undefined);
  const connect = async (directory: string): Promise<void> => {
    try {
      resolve(await attachToMonitor(directory, { ...streams, signal }));
    } catch (error) {
      reject(error);
    }
  };
  const giveUp = (): void => {
    entry.waitingClients.delete(connect);
    reject(signal.reason);
  };
  signal.addEventListener("abort", giveUp, { once: true });
  if (isRunning(record)) await connect(layout.containerRun(record.id));
  else if (record.state.status === "removing") {
    throw engineError(
      "CONTAINER_NOT_RUNNING",
      `cannot attach to container ${record.name}: it is being removed`,
    );
  } else entry.waitingClients.add(connect);
  return {
    tty: record.request.stdio.tty,
    output: outputOf(promise),
    async write(data) {
      const { socket } = await promise;
      if (!socket.write(data)) await drained(socket);
    },
    async closeStdin() {
      const { socket } = await promise;
      // Called too when the connection ends before.
      await new Promise<void>((resolve) => socket.end(() => resolve()));
    },
    detach() {
      publishContainer(context, record, "detach");
    },
    async close() {
      signal.removeEventListener("abort", giveUp);
      entry.waitingClients.delete(connect);
      reject(new Error("the client has left"));
      const attachment = await promise.catch(() => undefined);
      attachment?.socket.destroy();
    },
  };
}

async function* outputOf(connected: Promise<MonitorAttachment>): AsyncGenerator<OutputChunk> {
  const attachment = await connected.catch(() => undefined);
  if (attachment !== undefined) yield* monitorOutput(attachment);
}

/** What comes out of an attachment, to its end. */
export async function* monitorOutput({ socket, terminal }: MonitorAttachment): AsyncGenerator<OutputChunk> {
  const decode = createFrameDecoder();
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      if (terminal) yield { stream: "stdout", data: chunk };
      else yield* decode(chunk);
    }
  } catch {
    // The monitor is gone: the output has ended.
  }
}
