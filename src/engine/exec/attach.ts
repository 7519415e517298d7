import { drained } from "../../base/index.ts";
import { attachToMonitor, type Attachment as MonitorAttachment } from "../../helper/index.ts";
import type { OutputChunk } from "../../specs/docker-api/index.ts";
import { type ContainerAttachment, monitorOutput } from "../containers/attach.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import type { TerminalSize } from "../model/exec-request.ts";
import { publishExec } from "./events.ts";
import type { ExecSession } from "./sessions.ts";
import { startExec } from "./start.ts";

/**
 * Starts a claimed session with a client attached to its streams. What goes wrong from here on comes as output, as the
 * client has been promised streams by then: Docker does the same, and the exit code tells that it was a failure.
 */
export function attachExec(
  context: EngineContext,
  session: ExecSession,
  { container, consoleSize }: { container: ContainerRecord; consoleSize: TerminalSize | undefined },
): ContainerAttachment {
  const { attach: streams, tty } = session.record.request;
  const connected = Promise.withResolvers<MonitorAttachment>();
  const left = Promise.withResolvers<void>();
  const started = startExec(context, session, {
    container,
    consoleSize,
    async attach(directory) {
      connected.resolve(await attachToMonitor(directory, { ...streams, closesStdin: true }));
    },
  });
  for (const promise of [connected.promise, started]) promise.catch(() => undefined);
  started.catch(connected.reject);
  return {
    tty,
    output: outputOf(session, { connected: connected.promise, started, left: left.promise }),
    async write(data) {
      const { socket } = await connected.promise;
      if (!socket.write(data)) await drained(socket);
    },
    async closeStdin() {
      (await connected.promise).socket.end();
    },
    detach: () => publishExec(context, session, "exec_detach"),
    async close() {
      left.resolve();
      const attachment = await connected.promise.catch(() => undefined);
      attachment?.socket.destroy();
    },
  };
}

type Progress = {
  connected: Promise<MonitorAttachment>;
  started: Promise<void>;
  /** Resolved when the client is not interested any more. */
  left: Promise<void>;
};

/** The output, the reason of a failure, and no end before the session's: who has read all can ask for the exit code. */
async function* outputOf(
  session: ExecSession,
  { connected, started, left }: Progress,
): AsyncGenerator<OutputChunk> {
  const attachment = await connected.catch(() => undefined);
  if (attachment !== undefined) yield* monitorOutput(attachment);
  const failure = await started.then(
    () => undefined,
    (error: Error) => error,
  );
  if (failure !== undefined) yield { stream: "stderr", data: Buffer.from(`${failure.message}\r\n`) };
  else await Promise.race([session.ended.promise, left]);
}
