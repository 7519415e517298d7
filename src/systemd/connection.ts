import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { messageOf, TugError } from "../base/index.ts";
import { systemdError } from "./errors.ts";
import { decodeMessage, encodeMessage, type Message, messageTypes } from "./message.ts";
import type { DbusValue } from "./signature.ts";

/** A call of a method. */
export type Call = {
  readonly destination?: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DbusValue[];
};

/** One end of a D-Bus connection. */
export type Connection = Disposable & {
  /** @throws DbusRefusal with the name of the error that was answered */
  call(call: Call): Promise<readonly DbusValue[]>;
  /** The next signal that fits, of those that come after this call. */
  signal(fits: (message: Message) => boolean): Promise<Message>;
};

/** An answer that says no. `dbusName` is such as `org.freedesktop.systemd1.UnitExists`. */
export class DbusRefusal extends Error {
  readonly dbusName: string;

  constructor(dbusName: string, message: string) {
    super(message);
    this.dbusName = dbusName;
  }
}

type Waiter = { resolve(message: Message): void; reject(error: unknown): void };
type Listener = Waiter & { fits(message: Message): boolean };

/**
 * Connects to a socket at which D-Bus is spoken, and says who this process is.
 *
 * Source: https://dbus.freedesktop.org/doc/dbus-specification.html "Authentication Protocol"
 * @param signal ends the connection and whatever waits for it
 * @param options.named false: who this process is, is left to what the kernel tells the other end. In a user namespace it does
 *   not know itself by the number that counts there
 * @throws SYSTEMD_CONNECT
 */
export async function openConnection(
  path: string,
  signal: AbortSignal,
  { named = true }: { readonly named?: boolean } = {},
): Promise<Connection> {
  const socket = createConnection({ path, signal });
  try {
    await once(socket, "connect", { signal });
    const uid = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
    const identity = named ? ` ${uid}` : "\r\nDATA";
    // At once, as systemd's own clients do it: a message that arrives together with BEGIN would not be looked at.
    socket.write(`\0AUTH EXTERNAL${identity}\r\nBEGIN\r\n`);
    await readOk(socket, signal);
  } catch (error) {
    socket.destroy();
    if (error instanceof TugError) throw error;
    throw systemdError("CONNECT", `cannot talk to systemd at ${path}: ${messageOf(error)}`, { cause: error });
  }
  return converse(socket, path);
}

/** A line that says OK, after one that asks for an identity that was not named: no more comes before the first message is sent. */
async function readOk(socket: Socket, signal: AbortSignal): Promise<void> {
  let text = "";
  while ((!text.endsWith("\r\n") || text === "DATA\r\n") && text.length < 1000) {
    const [chunk] = (await once(socket, "data", { signal })) as [Buffer];
    text += chunk.toString("latin1");
  }
  if (!/^(?:DATA\r\n)?OK [^\r\n]*\r\n$/.test(text))
    throw new Error(`it does not accept this user: ${text.trim().slice(0, 100)}`);
}

function converse(socket: Socket, path: string): Connection {
  const calls = new Map<number, Waiter>();
  const listeners = new Set<Listener>();
  let serial = 0;
  let rest: Buffer = Buffer.alloc(0);
  let failure: unknown;

  const fail = (error: unknown): void => {
    failure ??= systemdError("CONNECT", `cannot talk to systemd at ${path}: ${messageOf(error)}`, {
      cause: error,
    });
    socket.destroy();
    for (const waiter of [...calls.values(), ...listeners]) waiter.reject(failure);
    calls.clear();
    listeners.clear();
  };
  const deliver = (message: Message): void => {
    if (message.type === messageTypes.SIGNAL) {
      for (const listener of [...listeners].filter(({ fits }) => fits(message))) {
        listeners.delete(listener);
        listener.resolve(message);
      }
    }
    const waiter = calls.get(message.replySerial ?? 0);
    if (waiter === undefined) return;
    calls.delete(message.replySerial ?? 0);
    if (message.type === messageTypes.RETURN) waiter.resolve(message);
    else
      waiter.reject(new DbusRefusal(message.errorName ?? "", String(message.body[0] ?? message.errorName)));
  };
  socket.on("data", (chunk: Buffer) => {
    try {
      rest = Buffer.concat([rest, chunk]);
      for (let next = decodeMessage(rest); next !== undefined; next = decodeMessage(rest)) {
        rest = rest.subarray(next.length);
        deliver(next.message);
      }
    } catch (error) {
      fail(error);
    }
  });
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("the connection was closed")));

  const wait = (add: (waiter: Waiter) => void): Promise<Message> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) reject(failure);
      else add({ resolve, reject });
    });
  return {
    async call({ signature, body = [], ...call }) {
      serial += 1;
      const own = serial;
      const message = {
        ...call,
        type: messageTypes.CALL,
        serial: own,
        body,
        ...(signature && { signature }),
      };
      const answer = wait((waiter) => {
        calls.set(own, waiter);
        socket.write(encodeMessage(message));
      });
      return (await answer).body;
    },
    signal: (fits) => wait((waiter) => listeners.add({ ...waiter, fits })),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}
