import { Writable } from "node:stream";
import { drained } from "../../../base/index.ts";
import { dockerApi } from "../../../specs/index.ts";
import type { Hijacked } from "./transport.ts";

/** A connection to a container's standard streams. */
export type AttachedStreams = {
  /** What is written goes to the container's stdin; `end()` closes this half of the connection. */
  readonly stdin: Writable;
  /** Output in the order it was written; of a terminal everything is "stdout". Can be iterated once. */
  readonly output: AsyncIterable<dockerApi.OutputChunk>;
  /** Says that no more input comes and keeps the output. Same as `stdin.end()`. */
  closeWrite(): void;
  /** Lets go of the container: both halves. */
  close(): void;
};

/**
 * The streams of a connection that the engine has handed over.
 *
 * @param type media type of the answer: whether output is framed
 */
export function createAttachedStreams(connection: Hijacked): AttachedStreams {
  const { socket, head, type } = connection;
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
    output: readOutput(socket, type === dockerApi.mediaTypes.multiplexedStream),
    closeWrite: () => void stdin.end(),
    close: () => void socket.destroy(),
  };
}

async function* readOutput(
  socket: Hijacked["socket"],
  framed: boolean,
): AsyncGenerator<dockerApi.OutputChunk> {
  const decode = framed ? dockerApi.createFrameDecoder() : asStdout;
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) yield* decode(bytes as Uint8Array);
  } catch (error) {
    // A connection that is gone is the end of the output.
    if (!socket.destroyed) throw error;
  } finally {
    socket.destroy();
  }
}

function asStdout(data: Uint8Array): dockerApi.OutputChunk[] {
  return [{ stream: "stdout", data }];
}
