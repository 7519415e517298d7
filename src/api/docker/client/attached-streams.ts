import { Writable } from "node:stream";
import { drained } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { canceled } from "./errors.ts";
import type { Hijacked } from "./wire.ts";

/** A connection to a container's standard streams. */
export type AttachedStreams = {
  /** What is written goes to the container's stdin; `end()` closes this half of the connection. */
  readonly stdin: Writable;
  /**
   * Output in the order it was written; of a terminal everything is "stdout". Can be iterated once. CLIENT_CANCELED when the
   * signal of the call was aborted.
   */
  readonly output: AsyncIterable<dockerApi.OutputChunk>;
  /** Says that no more input comes and keeps the output. Same as `stdin.end()`. */
  closeWrite(): void;
  /** Lets go of the container: both halves. */
  close(): void;
};

/**
 * The streams of a connection that the engine has handed over.
 *
 * @param connection its `type` is the media type of the answer: whether output is framed
 * @param signal what the connection was asked for with
 */
export function createAttachedStreams(
  connection: Hijacked,
  signal: AbortSignal | undefined,
): AttachedStreams {
  const { socket, head } = connection;
  // A reset while input is under way ends the output too, which is what the reader sees.
  socket.on("error", () => {});
  if (head.length > 0) socket.unshift(head);
  const stdin = new Writable({
    write(chunk, _, done) {
      if (socket.destroyed || !socket.writable) done();
      else if (socket.write(chunk)) done();
      else void drained(socket).then(() => done());
    },
    final(done) {
      socket.end();
      done();
    },
  });
  return {
    stdin,
    output: readOutput(connection, signal),
    closeWrite: () => void stdin.end(),
    close: () => void socket.destroy(),
  };
}

async function* readOutput(
  { socket, type }: Hijacked,
  signal: AbortSignal | undefined,
): AsyncGenerator<dockerApi.OutputChunk> {
  const framed = type === dockerApi.mediaTypes.multiplexedStream;
  const decode = framed ? dockerApi.createFrameDecoder() : asStdout;
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) yield* decode(bytes as Uint8Array);
  } catch (error) {
    // A connection that is gone is the end of the output.
    if (!socket.destroyed) throw error;
  } finally {
    socket.destroy();
  }
  if (signal?.aborted) throw canceled(signal.reason);
}

function asStdout(data: Uint8Array): dockerApi.OutputChunk[] {
  return [{ stream: "stdout", data }];
}
