import { statSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { Logger } from "../base/index.ts";
import { tableHash } from "../plan/index.ts";
import { type FrontConnection, openConnection } from "./connection.ts";
import { createInbox } from "./inbox.ts";
import { encodeMessage, FRONT_VERSION, fromFront, text, toFront, u8, u32, u64 } from "./message.ts";
import { type FrontRequest, parseRequest } from "./request.ts";

/** Bit of `accepted`. */
const REPEATABLE = 1;

export type FrontServerOptions = {
  /** What tells this build from any other; front has the same or does not use this process. */
  readonly build: string;
  readonly logger: Logger;
  /** Whether front may run a command itself if this process ends before it has sent any output. */
  readonly isRepeatable: (request: FrontRequest) => boolean;
  /** Whether `run` has no effect before the connection is admitted, and may begin at once. */
  readonly isPlanned: (request: FrontRequest) => boolean;
  /** Whether a command is for front to run itself; nothing is done then. */
  readonly declines: (request: FrontRequest) => Promise<boolean>;
  /** Runs a command to its end; returns the exit code. Never throws. */
  readonly run: (request: FrontRequest, connection: FrontConnection, peer: Socket) => Promise<number>;
};

/** A server of docs/front-protocol.md; not yet listening. */
export function createFrontServer(options: FrontServerOptions): Server {
  const greeting = encodeGreeting(options.build);
  return createServer((socket) => {
    socket.on("error", () => undefined);
    socket.write(greeting);
    serve(socket, options).catch((error: unknown) => {
      options.logger.log("debug", "front.failed", { reason: String(error) });
      socket.destroy();
    });
  });
}

async function serve(
  socket: Socket,
  { isRepeatable, isPlanned, declines, run }: FrontServerOptions,
): Promise<void> {
  const inbox = createInbox(socket);
  const request = parseRequest(await inbox.next(fromFront.request));
  if (await declines(request)) {
    socket.destroy();
    return;
  }
  socket.write(encodeMessage(toFront.accepted, u8(isRepeatable(request) ? REPEATABLE : 0)));
  const connection = openConnection(socket, inbox);
  // A front that did not get the answer in time runs the command itself: it must not happen twice.
  if (!isPlanned(request)) await connection.admitted;
  await connection.exit(await run(request, connection, socket));
}

/** Who this process is: what front compares with what it is itself. */
function encodeGreeting(build: string): Buffer {
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
  return encodeMessage(toFront.greeting, u32(FRONT_VERSION), hash, text(build), ...numbers);
}
