import { Duplex } from "node:stream";
import { TextDecoder } from "node:util";
import { webSocket } from "../../../specs/index.ts";
import type { WebSocketAnswer } from "../answer.ts";
import { doorError } from "../errors.ts";
import type { UpgradeBody } from "../request-body.ts";
import { serveHijack } from "./hijack.ts";

const { closeCodes, encodeClose, encodeFrame, opcodes } = webSocket;

/** How long a client may take to close its connection after the last message, in milliseconds. */
const CLOSING = 10_000;

/**
 * Makes a connection a WebSocket, and that the standard streams of a container. A WebSocket that the client closes cannot
 * bring output any more, so the end of its input is the end of the attachment.
 *
 * @throws DOCKER_WEB_SOCKET where the connection is not to be had
 */
export async function serveWebSocket(
  answer: WebSocketAnswer,
  upgrade: { readonly socket: Duplex; readonly body: UpgradeBody } | undefined,
): Promise<void> {
  if (upgrade === undefined) {
    await answer.attachment.close();
    throw doorError("WEB_SOCKET", "cannot attach by WebSocket: the request does not ask for one");
  }
  const { socket, body } = upgrade;
  socket.write(webSocket.encodeHandshake(answer.handshake));
  const stream = webSocketStream(socket, body.rest(), answer);
  await serveHijack(stream, Buffer.alloc(0), { ...answer, endsWithInput: true });
}

/**
 * What a client's messages say, and messages of what is written. Its end is sent as a close, and what breaks the protocol
 * closes the connection at once.
 *
 * @param head bytes that arrived together with the request
 */
export function webSocketStream(
  socket: Duplex,
  head: Uint8Array,
  { asText }: Pick<WebSocketAnswer, "asText">,
): Duplex {
  const decode = webSocket.createDecoder();
  const encode = asText ? textEncoder() : (bytes: Uint8Array) => encodeFrame(opcodes.BINARY, bytes);
  let code: number = closeCodes.NORMAL;
  let isLast = false;
  const stream = new Duplex({
    read() {
      socket.resume();
    },
    write(bytes: Buffer, _, done) {
      if (isLast) return done();
      socket.write(encode(bytes), done);
    },
    final(done) {
      if (isLast) return done();
      isLast = true;
      socket.end(encodeClose(code), done);
      closeSoon(socket);
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  const answerPing = createPingAnswerer(socket);
  const fail = (code: number, reason: string): void => {
    if (isLast) return;
    isLast = true;
    socket.end(encodeClose(code, reason), () => stream.destroy());
    closeSoon(socket);
  };
  const take = (event: webSocket.WebSocketEvent): void => {
    if (event.kind === "data" && !stream.push(event.bytes)) socket.pause();
    else if (event.kind === "ping") answerPing(event.payload);
    else if (event.kind === "failure") fail(event.code, event.reason);
    else if (event.kind === "close") {
      code = event.code ?? closeCodes.NORMAL;
      stream.push(null);
    }
  };
  const receive = (bytes: Uint8Array): void => {
    for (const event of decode(bytes)) if (!stream.readableEnded) take(event);
  };
  socket.on("data", receive);
  socket.once("end", () => stream.push(null));
  socket.once("error", () => stream.destroy());
  socket.once("close", () => stream.destroy());
  receive(head);
  return stream;
}

/** The client is to close it, and one that never reads what it was sent last does not. */
function closeSoon(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), CLOSING);
  socket.once("close", () => clearTimeout(timer));
}

/**
 * Answers pings. A client that asks without end and reads no answer gets that to its last one when it reads. Source: RFC 6455,
 * section 5.5.3.
 */
function createPingAnswerer(socket: Duplex): (payload: Buffer) => void {
  let last: Buffer | undefined;
  const answer = (): void => {
    if (last === undefined || !socket.writable || socket.writableNeedDrain) return;
    socket.write(encodeFrame(opcodes.PONG, last));
    last = undefined;
  };
  socket.on("drain", answer);
  return (payload) => {
    last = payload;
    answer();
  };
}

/** Text must be whole characters: those that come in pieces wait, and what is none is replaced. */
function textEncoder(): (bytes: Uint8Array) => Buffer {
  const decoder = new TextDecoder();
  return (bytes) => {
    const text = Buffer.from(decoder.decode(bytes, { stream: true }));
    return text.length === 0 ? Buffer.alloc(0) : encodeFrame(opcodes.TEXT, text);
  };
}
