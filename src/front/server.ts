import { statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../base/index.ts";
import { tableHash } from "../plan/index.ts";
import { type FrontConnection, openConnection } from "./connection.ts";
import {
  encodeMessage,
  FRONT_VERSION,
  fromFront,
  type Message,
  messageDecoder,
  text,
  toFront,
  u32,
  u64,
} from "./message.ts";
import { type FrontRequest, parseRequest } from "./request.ts";

export type FrontServerOptions = {
  /** Directory of the package, which holds dist/. */
  readonly packageDirectory: string;
  readonly logger: Logger;
  /** Runs a command to its end; returns the exit code. Never throws. */
  readonly run: (request: FrontRequest, connection: FrontConnection, peer: Socket) => Promise<number>;
};

/** A server of docs/front-protocol.md; not yet listening. */
export function createFrontServer(options: FrontServerOptions): Server {
  const greeting = encodeGreeting(options.packageDirectory);
  return createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(greeting);
    serve(socket, options).catch((error: unknown) => {
      options.logger.log("debug", "front.failed", { reason: String(error) });
      socket.destroy();
    });
  });
}

async function serve(socket: Socket, { run }: FrontServerOptions): Promise<void> {
  const [first, rest] = await firstMessage(socket);
  if (first.type !== fromFront.request) throw new Error(`the first message has type ${first.type}`);
  const request = parseRequest(first);
  socket.write(encodeMessage(toFront.accepted));
  const connection = openConnection(socket, rest);
  connection.exit(await run(request, connection, socket));
}

/** The first message, and what came with it. */
function firstMessage(socket: Socket): Promise<[Message, Message[]]> {
  const decode = messageDecoder();
  return new Promise((resolve, reject) => {
    const failed = (): void => reject(new Error("front has gone"));
    const read = (chunk: Buffer): void => {
      try {
        const [first, ...rest] = decode(chunk);
        if (first === undefined) return;
        socket.off("data", read);
        socket.off("close", failed);
        resolve([first, rest]);
      } catch (error) {
        reject(error);
      }
    };
    socket.on("data", read);
    socket.once("close", failed);
  });
}

/** Who this process is: what front compares with what it is itself. */
function encodeGreeting(packageDirectory: string): Buffer {
  const places = [
    "/proc/self/ns/mnt",
    "/proc/self/ns/user",
    "/proc/self/ns/pid",
    "/proc/self/ns/cgroup",
    "/",
  ];
  const numbers = places.flatMap((path) => {
    const { dev, ino } = statSync(path, { bigint: true });
    return [u64(dev), u64(ino)];
  });
  const hash = Buffer.from(tableHash, "hex");
  return encodeMessage(toFront.greeting, u32(FRONT_VERSION), hash, text(packageDirectory), ...numbers);
}
