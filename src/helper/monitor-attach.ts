import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { errnoOf, messageOf, TugError } from "../base/index.ts";
import { helperError } from "./errors.ts";
import { MONITOR_VERSION } from "./monitor-fields.ts";

/** What a client of a container's streams wants. */
export type AttachOptions = {
  /** What is written to the connection becomes the container's input. */
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** The end of this client's input ends the container's, whatever the container was made with. */
  readonly closesStdin?: boolean;
  /**
   * Milliseconds without any progress after which a client whose buffer is full is dropped; as long as the container
   * waits for it. 0 never lets the container wait, Infinity waits for ever. Default 5000.
   */
  readonly patience?: number;
  readonly signal?: AbortSignal;
};

/** An open connection to a container's streams; from here on it misses nothing. */
export type Attachment = {
  /** Both halves end apart. It carries no other bytes than the container's, or Docker's frames around them. */
  readonly socket: Socket;
  /** The bytes come as they are; else in Docker's frames of 8 bytes head (stream, 0, 0, 0, u32 big-endian length). */
  readonly terminal: boolean;
};

const flagBits = { stdin: 1, stdout: 2, stderr: 4, closesStdin: 8 } as const;
const TERMINAL = 1;
const FOREVER = 0xffffffff;
const DEFAULT_PATIENCE = 5000;

/**
 * Attaches to the container whose monitor serves a directory.
 *
 * @throws HELPER_MONITOR_LOST when there is no monitor
 */
export async function attachToMonitor(directory: string, options: AttachOptions): Promise<Attachment> {
  const socket = await connectMonitorSocket(join(directory, "attach"), options.signal);
  try {
    socket.write(encodeHello(options));
    const answer = await readExactly(socket, 8, options.signal);
    return { socket, terminal: (answer.readUInt16LE(6) & TERMINAL) !== 0 };
  } catch (error) {
    socket.destroy();
    options.signal?.throwIfAborted();
    if (error instanceof TugError) throw error;
    throw helperError("MONITOR_LOST", `cannot attach to the container: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Longest path that fits into an address, with its end. Source: unix(7) */
const ADDRESS_SIZE = 108;

/** Connects to a socket of a monitor; both halves of the connection end apart. */
export async function connectMonitorSocket(path: string, signal?: AbortSignal): Promise<Socket> {
  try {
    if (Buffer.byteLength(path) < ADDRESS_SIZE) return await connectPath(path, signal);
    const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return await connectPath(`/proc/self/fd/${directory}/${basename(path)}`, signal);
    } finally {
      closeSync(directory);
    }
  } catch (error) {
    signal?.throwIfAborted();
    const reason =
      errnoOf(error) === "ENOENT" || errnoOf(error) === "ECONNREFUSED" ? "nobody listens" : messageOf(error);
    throw helperError("MONITOR_LOST", `cannot reach the monitor at ${path}: ${reason}`, { cause: error });
  }
}

async function connectPath(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, "connect", { ...(signal && { signal }) });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function encodeHello(options: AttachOptions): Buffer {
  const patience = options.patience ?? DEFAULT_PATIENCE;
  const hello = Buffer.alloc(16);
  let flags = 0;
  for (const [name, bit] of Object.entries(flagBits)) {
    if (options[name as keyof typeof flagBits]) flags |= bit;
  }
  hello.write("tugA", "latin1");
  hello.writeUInt16LE(MONITOR_VERSION, 4);
  hello.writeUInt16LE(flags, 6);
  hello.writeUInt32LE(Math.min(patience, FOREVER), 8);
  return hello;
}

async function readExactly(socket: Socket, count: number, signal?: AbortSignal): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    if (bytes?.length === count) return bytes;
    if (socket.readableEnded || bytes !== null) {
      throw helperError("MONITOR_LOST", "cannot attach to the container: its monitor has hung up");
    }
    await Promise.race([
      once(socket, "readable", { ...(signal && { signal }) }),
      once(socket, "end", { ...(signal && { signal }) }),
    ]);
  }
}
