import { createFrameDecoder, type OutputChunk } from "../../specs/docker-api/index.ts";
import type { EngineContext } from "../context.ts";
import { type AttachStreams, attachContainer, type ContainerAttachment } from "./attach.ts";
import type { LiveContainers } from "./live.ts";
import { readLogs } from "./logs.ts";
import type { ContainerRecord } from "./record.ts";
import { isRunning } from "./stop.ts";

/** How an attachment that begins with the log is asked for. */
export type LogAttachment = {
  readonly record: ContainerRecord;
  readonly streams: AttachStreams & { readonly logs: boolean; readonly stream: boolean };
  readonly signal: AbortSignal;
};

/**
 * Attaches to what a container has written so far, and with `stream` goes on with what it writes. Of one that runs all of
 * that comes from the log, so that nothing is missed or told twice in between. Without both there is no output.
 *
 * @throws ENGINE_LOG_DRIVER when nothing was kept
 */
export async function attachToLog(
  context: EngineContext,
  live: LiveContainers,
  { record, streams, signal }: LogAttachment,
): Promise<ContainerAttachment> {
  const { stdin, stdout, stderr, logs, stream } = streams;
  const runs = isRunning(record);
  const wanted = runs ? { stdin, stdout: false, stderr: false } : { stdin, stdout, stderr };
  const attached =
    stream && (stdin || !runs)
      ? await attachContainer(context, live, { record, streams: wanted, signal })
      : undefined;
  const query = {
    stdout,
    stderr,
    follow: stream && runs,
    // What it writes once it is started comes from its monitor, whenever the log is read.
    until: runs ? undefined : new Date().toISOString(),
    timestamps: false,
    merge: false,
  };
  const { tty } = record.request.stdio;
  const bytes = logs ? readLogs(context, live, { record, query, signal }).bytes : [];
  return {
    tty,
    output: inTurn(chunksOf(bytes, tty), runs ? undefined : attached?.output),
    write: async (data) => attached?.write(data),
    closeStdin: async () => attached?.closeStdin(),
    detach: () => attached?.detach(),
    close: async () => attached?.close(),
  };
}

async function* inTurn(
  first: AsyncIterable<OutputChunk>,
  second: AsyncIterable<OutputChunk> | undefined,
): AsyncGenerator<OutputChunk> {
  yield* first;
  if (second !== undefined) yield* second;
}

async function* chunksOf(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  tty: boolean,
): AsyncGenerator<OutputChunk> {
  const decode = createFrameDecoder();
  for await (const data of bytes) {
    if (tty) yield { stream: "stdout", data };
    else yield* decode(data);
  }
}
