import type { Socket } from "node:net";
import { networkAheadName } from "../plan/index.ts";
import type { ProcessMaker } from "./spawner.ts";

/**
 * A network namespace that nobody is in yet, and the process that keeps it until this is disposed of: when a container is
 * in it, or will not be.
 */
export interface NetworkAhead extends Disposable {
  /** As the op `networkAhead` takes it. */
  readonly name: string;
}

/** Makes network namespaces before they are needed. */
export interface NetworksAhead extends Disposable {
  /** One that nobody else gets; undefined where none is ready. Asking has the next one made, when nobody has asked for a while. */
  take(): NetworkAhead | undefined;
}

/** When nobody has asked for so long, the next one is made, in milliseconds: then it is in nobody's way. */
const REST = 250;

/** u32 pid, u64 number. */
const ANSWER_SIZE = 12;

/** At most one waits, and none before somebody has asked. What keeps it ends with this process. */
export function keepNetworksAhead(maker: ProcessMaker, rest = REST): NetworksAhead {
  let ready: NetworkAhead | undefined;
  let closed = false;
  const keep = (socket: Socket, name: string): void => {
    const network: NetworkAhead = { name, [Symbol.dispose]: () => void socket.destroy() };
    socket.once("close", () => {
      if (ready === network) ready = undefined;
    });
    ready?.[Symbol.dispose]();
    ready = network;
    if (closed || socket.destroyed) network[Symbol.dispose]();
  };
  const make = async (): Promise<void> => {
    if (ready !== undefined || closed) return;
    const socket = await maker.connect("network");
    socket.on("error", () => undefined).unref();
    socket.once("data", (answer: Buffer) => {
      // Shorter, there would be none: twelve bytes are sent by one call.
      if (answer.length !== ANSWER_SIZE) socket.destroy();
      else keep(socket, networkAheadName(answer.readUInt32LE(0), answer.readBigUInt64LE(4)));
    });
    socket.once("end", () => socket.destroy());
  };
  let timer: NodeJS.Timeout | undefined;
  const makeAtRest = (): void => {
    // Without a spawner there is none, and whoever needs one makes it.
    if (timer === undefined) timer = setTimeout(() => void make().catch(() => undefined), rest).unref();
    else timer.refresh();
  };
  return {
    take() {
      const taken = ready;
      ready = undefined;
      if (!closed) makeAtRest();
      return taken;
    },
    [Symbol.dispose]() {
      closed = true;
      clearTimeout(timer);
      ready?.[Symbol.dispose]();
      ready = undefined;
    },
  };
}
