import { Writable } from "node:stream";
import { drained } from "../../../base/index.ts";
import * as dockerApi from "../../../specs/docker-api/index.ts";
import { canceled, clientError } from "./errors.ts";
import type { Transport } from "./transport.ts";
import type { ApiRequest, Hijacked } from "./wire.ts";

/** A connection to a container's standard streams. */
export type AttachedStreams = {
  /** What is written goes to the container's stdin; `end()` closes this half of the connection. */
  readonly stdin: Writable;
  /**
   * Output in the order it was written; of a terminal everything is "stdout". Can be iterated once. CLIENT_CANCELED when the
   * signal of the call was aborted, CLIENT_BROKEN when the engine has gone before the end, and more may have been written.
   */
  readonly output: AsyncIterable<dockerApi.OutputChunk>;
  /** Says that no more input comes and keeps the output. Same as `stdin.end()`. */
  closeWrite(): void;
  /** Lets go of the container: both halves. */
  close(): void;
};

/** Asks for a connection to standard streams. */
export async function attachStreams(transport: Transport, request: ApiRequest): Promise<AttachedStreams> {
  const connection = await transport.hijack(request);
  const { socket, head } = connection;
  let left = false;
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
    output: readOutput(connection, () => (left ? undefined : checkEnd(transport, connection, request))),
    closeWrite: () => void stdin.end(),
    close() {
      left = true;
      socket.destroy();
    },
  };
}

async function* readOutput(
  { socket, type }: Hijacked,
  check: () => Promise<void> | undefined,
): AsyncGenerator<dockerApi.OutputChunk> {
  const framed = type === dockerApi.mediaTypes.multiplexedStream;
  const decode = framed ? dockerApi.createFrameDecoder() : asStdout;
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) yield* decode(bytes as Uint8Array);
  } catch (error) {
    // A connection that is gone is an end of the output as any other.
    if (!socket.destroyed) throw error;
  } finally {
    socket.destroy();
  }
  await check();
}

/** A connection ends alike with the output and with the engine, and the next engine may be there already. */
async function checkEnd(transport: Transport, { engine }: Hijacked, { signal }: ApiRequest): Promise<void> {
  const isWhole = engine === undefined || (await transport.isAnswering(engine, signal));
  if (signal?.aborted) throw canceled(signal.reason);
  if (isWhole) return;
  throw clientError("BROKEN", "lost the connection to the engine: the output ended too early", {
    hint: "containers go on without it: see tug ps and tug logs",
  });
}

function asStdout(data: Uint8Array): dockerApi.OutputChunk[] {
  return [{ stream: "stdout", data }];
}
