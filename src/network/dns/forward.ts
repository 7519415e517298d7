import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, isIPv6, type Socket } from "node:net";

/** After how many milliseconds another server is asked. */
const PATIENCE = 3000;
const PORT = 53;

export type ForwardOptions = {
  /** Addresses, asked in this order. */
  readonly servers: readonly string[];
  /** Over the protocol by which it was asked: answers over UDP are cut off at a size that the asker knows. */
  readonly stream: boolean;
  readonly signal: AbortSignal;
};

/**
 * Hands a query on to other servers, one after the other until one answers.
 *
 * @returns the answer as it came, or undefined where nobody answered
 */
export async function forwardQuery(message: Buffer, options: ForwardOptions): Promise<Buffer | undefined> {
  for (const server of options.servers) {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE)]);
    try {
      return await (options.stream ? askByStream : askByDatagram)(message, server, signal);
    } catch (error) {
      if (options.signal.aborted) throw error;
    }
  }
  return undefined;
}

/** A server may be written with its port: `127.0.0.1#5353`. */
function placeOf(server: string): { host: string; port: number } {
  const [host = "", port = String(PORT)] = server.split("#");
  return { host, port: Number(port) };
}

async function askByDatagram(message: Buffer, server: string, signal: AbortSignal): Promise<Buffer> {
  const { host, port } = placeOf(server);
  const socket = createSocket(isIPv6(host.split("%")[0] ?? "") ? "udp6" : "udp4");
  try {
    // Only datagrams from there are received then, and a refusal is an error.
    const connected = once(socket, "connect", { signal });
    socket.connect(port, host);
    await connected;
    const answered = answerOf(socket, message, signal);
    socket.send(message);
    return await answered;
  } finally {
    socket.close();
  }
}

/** The first datagram that answers this very question; a forged one would have to guess its number and our port. */
async function answerOf(
  socket: ReturnType<typeof createSocket>,
  message: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  for (;;) {
    const [answer] = (await once(socket, "message", { signal })) as [Buffer];
    if (answer.length >= 12 && answer.readUInt16BE(0) === message.readUInt16BE(0)) return answer;
  }
}

async function askByStream(message: Buffer, server: string, signal: AbortSignal): Promise<Buffer> {
  const socket = connect(placeOf(server));
  const abort = (): void => void socket.destroy(new Error("too slow"));
  signal.addEventListener("abort", abort, { once: true });
  try {
    await once(socket, "connect", { signal });
    socket.write(framed(message));
    for await (const answer of readFrames(socket)) return answer;
    throw new Error("the server hung up");
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

/** A message as streams carry it: its length first. Source: https://www.rfc-editor.org/rfc/rfc1035#section-4.2.2 */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The messages that come through a stream. */
export async function* readFrames(socket: Socket): AsyncGenerator<Buffer> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of socket) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      const end = 2 + pending.readUInt16BE();
      yield pending.subarray(2, end);
      pending = pending.subarray(end);
    }
  }
}
