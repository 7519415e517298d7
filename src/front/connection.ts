import type { Socket } from "node:net";
import { constants } from "node:os";
import { Readable, Writable } from "node:stream";
import type { Inbox } from "./inbox.ts";
import {
  encodeHead,
  encodeMessage,
  fromFront,
  frontError,
  type Message,
  toFront,
  u8,
  u32,
} from "./message.ts";
import { parseSize, type TerminalSize } from "./request.ts";

/** Room for input that was asked for and not read yet, in bytes. */
const WINDOW = 64 * 1024;

/** Output of fewer bytes waits for what else is sent in the same turn of the event loop. */
const SHORT = 4096;

/** A command under way: its streams and events, as the command line in this process sees them. */
export type FrontConnection = {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  setRawMode(on: boolean): void;
  /** Calls back with every new size of the terminal; returns what ends it. */
  onResize(listener: (size: TerminalSize) => void): () => void;
  /**
   * Calls back with the number of every signal that front got; returns what ends it. While nobody listens a signal does
   * what it does to any process.
   */
  onSignal(listener: (number: number) => void): () => void;
  /** Calls back with every answer of a plan that front executes. */
  onAnswer(listener: (content: Buffer) => void): () => void;
  /** Has front execute a plan, and end with it where it is the last. `number` is not 0 and comes with its answers. */
  sendPlan(number: number, message: Uint8Array, isLast: boolean): void;
  /** Resolves when front has said that the command is to be carried out. @throws FRONT_PROTOCOL where it goes before that */
  readonly admitted: Promise<void>;
  /**
   * Sends the last message once the command is admitted, and everything that was written before has been sent, or nobody
   * reads it any more.
   */
  exit(code: number): Promise<void>;
  /** Aborted when front has gone. */
  readonly gone: AbortSignal;
};

/** Puts streams and events over a connection after the request. */
export function openConnection(socket: Socket, inbox: Inbox): FrontConnection {
  const gone = new AbortController();
  const admission = Promise.withResolvers<void>();
  admission.promise.catch(() => undefined);
  const listeners = {
    size: new Set<(size: TerminalSize) => void>(),
    signal: new Set<(n: number) => void>(),
    answer: new Set<(c: Buffer) => void>(),
  };
  const send = (type: number, ...parts: readonly Uint8Array[]): boolean =>
    socket.write(encodeMessage(type, ...parts));
  const stdin = inputStream((bytes) => void send(toFront.want, u32(bytes)));
  const outputs = [outputStream(socket, 1), outputStream(socket, 2)] as const;

  const takeSignal = (number: number): void => {
    for (const listener of listeners.signal) listener(number);
    if (listeners.signal.size === 0 && number !== constants.signals.SIGCONT) send(toFront.pass, u32(number));
  };
  const take = (message: Message): void => {
    const { type, content } = message;
    if (type === fromFront.go) admission.resolve();
    else if (type === fromFront.input) stdin.give(content);
    else if (type === fromFront.inputEnd) stdin.give(null);
    else if (type === fromFront.signal) takeSignal(content.readUInt32LE());
    else if (type === fromFront.size) for (const listener of listeners.size) listener(parseSize(message));
    else if (type === fromFront.answer) for (const listener of listeners.answer) listener(content);
    else if (type === fromFront.closed) outputs[content.readUInt8() === 2 ? 1 : 0].destroy(brokenPipe());
  };
  socket.once("close", () => {
    gone.abort();
    admission.reject(frontError("PROTOCOL", "cannot carry out a command: front has gone"));
    stdin.give(null);
    for (const output of outputs) output.destroy();
  });
  inbox.forEach(take);
  const subscribe = <T>(set: Set<T>, listener: T): (() => void) => {
    set.add(listener);
    return () => void set.delete(listener);
  };
  return {
    stdin: stdin.stream,
    stdout: outputs[0],
    stderr: outputs[1],
    setRawMode: (on) => void send(toFront.terminal, u8(on ? 1 : 0)),
    onResize: (listener) => subscribe(listeners.size, listener),
    onSignal: (listener) => subscribe(listeners.signal, listener),
    onAnswer: (listener) => subscribe(listeners.answer, listener),
    sendPlan(number, message, isLast) {
      const plan = encodeMessage(toFront.plan, u32(number), message);
      socket.write(isLast ? Buffer.concat([encodeMessage(toFront.last, u32(number)), plan]) : plan);
    },
    admitted: admission.promise,
    async exit(code) {
      await admission.promise;
      await Promise.all(outputs.map(flushed));
      send(toFront.exit, u32(code));
      socket.end();
    },
    gone: gone.signal,
  };
}

/** Standard input: asks for bytes when somebody reads, and for more as they are read. */
function inputStream(want: (bytes: number) => void): { stream: Readable; give(chunk: Buffer | null): void } {
  let asked = 0;
  let ended = false;
  const readable = new Readable({
    highWaterMark: WINDOW,
    read() {
      if (ended || asked > WINDOW / 2) return;
      want(WINDOW - asked);
      asked = WINDOW;
    },
  });
  return {
    stream: readable,
    give(chunk) {
      if (ended) return;
      if (chunk === null) ended = true;
      else asked -= chunk.length;
      readable.push(chunk);
    },
  };
}

/**
 * Standard output or error: each piece is a message; the socket's own buffer is the brake. The last words of a command
 * mostly go together with its exit code, so that an engine that is killed has sent both, or neither.
 */
function outputStream(socket: Socket, number: 1 | 2): Writable {
  const hold = (): void => {
    socket.cork();
    setImmediate(() => socket.uncork());
  };
  const write = (chunk: Uint8Array, done: (error?: Error | null) => void): void => {
    if (socket.destroyed) {
      done(brokenPipe());
      return;
    }
    const head = Buffer.concat([encodeHead(toFront.output, 1 + chunk.length), u8(number)]);
    if (chunk.length < SHORT && socket.writableLength < WINDOW) {
      hold();
      socket.write(head);
      socket.write(chunk);
      done();
      return;
    }
    // Together, and what is long is not copied.
    socket.cork();
    socket.write(head);
    socket.write(chunk, () => done());
    socket.uncork();
  };
  return new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => write(chunk, done),
    writev: (chunks, done) => write(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)), done),
  });
}

/** Resolves when a stream has nothing left to write. */
function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => stream.end(() => resolve()));
}

function brokenPipe(): Error {
  return Object.assign(new Error("nobody reads this output any more"), { code: "EPIPE" });
}
