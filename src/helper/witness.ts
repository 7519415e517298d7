import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../base/index.ts";
import type { InitProcess } from "./helper.ts";
import type { ProcessMaker } from "./spawner.ts";

/** Knows how processes have ended that are no children of this one. See docs/front-protocol.md, "The witness". */
export interface Witness extends Disposable {
  /** From now on the end of a process is noticed. One that has ended already will not be known. */
  watch(process: InitProcess): void;
  /** Nobody will ask for a process any more. */
  forget(process: InitProcess): void;
  /**
   * The raw wait status of a watched process that has ended or is about to; undefined where nobody knows it.
   *
   * @param patience how long its end is waited for, in milliseconds
   */
  statusOf(process: InitProcess, patience: number): Promise<number | undefined>;
}

const WATCH = 1;
const FORGET = 2;
const ANSWER_SIZE = 20;

type Entry = { readonly process: InitProcess; readonly ended: PromiseWithResolvers<number | undefined> };

/** A witness whose process is made when it is needed, and again when it was killed. */
export function openWitness(maker: ProcessMaker, logger: Logger): Witness {
  const entries = new Map<string, Entry>();
  let connection: Promise<Socket> | undefined;
  let closed = false;

  const connect = async (): Promise<Socket> => {
    const socket = await maker.connect("witness");
    const take = createReader((key, status) => entries.get(key)?.ended.resolve(status));
    socket
      .on("error", () => undefined)
      .on("data", take)
      .once("end", () => socket.destroy());
    socket.once("close", () => {
      connection = undefined;
      if (closed || entries.size === 0) return;
      logger.log("warn", "witness.lost", { processes: entries.size });
      tellAll();
    });
    return socket;
  };
  const send = (request: number, process: InitProcess): void => {
    connection?.then((socket) => socket.write(encode(request, process))).catch(() => undefined);
  };
  const tellAll = (): void => {
    connection = connect();
    connection.catch((error: unknown) => {
      connection = undefined;
      logger.log("warn", "witness.failed", { error: String(error) });
    });
    for (const { process } of entries.values()) send(WATCH, process);
  };
  return {
    watch(process) {
      const key = keyOf(process);
      if (entries.has(key)) return;
      entries.set(key, { process, ended: Promise.withResolvers() });
      if (connection === undefined) tellAll();
      else send(WATCH, process);
    },
    forget(process) {
      if (entries.delete(keyOf(process))) send(FORGET, process);
    },
    async statusOf(process, patience) {
      const entry = entries.get(keyOf(process));
      if (entry === undefined) return undefined;
      const late = new AbortController();
      try {
        const timeout = sleep(patience, undefined, { signal: late.signal }).catch(() => undefined);
        return await Promise.race([entry.ended.promise, timeout]);
      } finally {
        late.abort();
      }
    },
    [Symbol.dispose]() {
      closed = true;
      entries.clear();
      void connection?.then((socket) => socket.destroy()).catch(() => undefined);
    },
  };
}

function keyOf({ pid, startTime }: InitProcess): string {
  return `${pid} ${startTime}`;
}

function encode(request: number, { pid, startTime }: InitProcess): Buffer {
  const record = Buffer.alloc(16);
  record.writeUInt32LE(request);
  record.writeUInt32LE(pid, 4);
  record.writeBigUInt64LE(startTime, 8);
  return record;
}

/** Cuts what the witness says into its answers. */
function createReader(take: (key: string, status: number | undefined) => void): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    for (; pending.length >= ANSWER_SIZE; pending = pending.subarray(ANSWER_SIZE)) {
      const process = { pid: pending.readUInt32LE(), startTime: pending.readBigUInt64LE(4) };
      take(keyOf(process), pending.readUInt32LE(12) === 1 ? pending.readInt32LE(16) : undefined);
    }
  };
}
