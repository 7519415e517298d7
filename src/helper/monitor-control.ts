import { join } from "node:path";
import { helperError } from "./errors.ts";
import type { InitProcess } from "./helper.ts";
import { connectMonitorSocket } from "./monitor-attach.ts";
import { type ExitRecord, parseExitRecord } from "./monitor-exit.ts";
import { createReader } from "./reader.ts";
import { errnoName, errnoText } from "./sentence.ts";

/** How long an answer is waited for, in milliseconds: a monitor only ever waits for a disk, or where it was stopped. */
const PATIENCE = 10_000;

/** What a monitor says of itself. */
export type MonitorStatus = {
  /** Of the protocol that the monitor speaks. */
  readonly version: number;
  readonly monitor: InitProcess;
  /** Undefined until the container is created. */
  readonly init: InitProcess | undefined;
  readonly exited: boolean;
  /** All output has been taken. */
  readonly drained: boolean;
  readonly oomKills: number;
  readonly droppedLogBytes: number;
  /** Attached clients. */
  readonly clients: number;
};

/** What a monitor reports by itself. */
export type MonitorEvent =
  | { readonly type: "oom"; readonly kills: number }
  | { readonly type: "exit"; readonly record: ExitRecord }
  | { readonly type: "drained" };

/**
 * A connection to a monitor. Requests are answered in order; a refused one rejects with HELPER_MONITOR_REFUSED, one without
 * an answer after ten seconds with HELPER_MONITOR_SILENT. The monitor may still do what that asked for.
 */
export interface MonitorControl extends Disposable {
  status(): Promise<MonitorStatus>;
  resize(rows: number, columns: number): Promise<void>;
  /** Opens the log's path anew after somebody has renamed the file. */
  reopenLog(): Promise<void>;
  /** Ends the container's input once all that was sent is written. */
  closeStdin(): Promise<void>;
  /** Lets every attached client have what is queued for it, and hangs up. */
  detachAll(): Promise<void>;
  /** Stops, or goes on with, writing the log. */
  stopLog(stopped: boolean): Promise<void>;
  /** Sends a signal to init, or with `group` to its process group; never to another process with its pid. */
  signal(number: number, options?: { group?: boolean }): Promise<void>;
  /** Whether an engine is started when the container has ended and there is none. */
  revive(wanted: boolean): Promise<void>;
  /**
   * From now on tells the listener of events; those that have happened come first. When the connection closes without
   * an exit, the record in the directory tells whether there was one: a request that crosses the monitor's end breaks
   * the connection with what was under way.
   */
  watch(listener: (event: MonitorEvent) => void): Promise<void>;
  /** Fulfilled when the monitor has ended or the connection was closed. */
  readonly closed: Promise<void>;
}

const types = {
  status: 1,
  resize: 2,
  reopenLog: 3,
  closeStdin: 4,
  detachAll: 5,
  stopLog: 6,
  watch: 7,
  signal: 8,
  revive: 9,
} as const;

const OOM = 0x8001;
const EXIT = 0x8002;
const DRAINED = 0x8003;

/**
 * Connects to the monitor that serves a directory.
 *
 * @throws HELPER_MONITOR_LOST when there is none
 */
export async function connectMonitor(directory: string, signal?: AbortSignal): Promise<MonitorControl> {
  const socket = await connectMonitorSocket(join(directory, "control"), signal);
  const waiting: { name: string; resolve: (content: Buffer) => void; reject: (error: Error) => void }[] = [];
  let listener: ((event: MonitorEvent) => void) | undefined;
  let pending: Buffer = Buffer.alloc(0);

  const take = (type: number, errno: number, content: Buffer): void => {
    if (type >= OOM) {
      const event = parseEvent(type, content);
      if (event !== undefined) listener?.(event);
      return;
    }
    const request = waiting.shift();
    if (errno === 0) request?.resolve(content);
    else request?.reject(refusal(request.name, errno));
  };
  socket.on("data", (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    while (pending.length >= 8 && pending.length >= 4 + pending.readUInt32LE()) {
      const end = 4 + pending.readUInt32LE();
      take(pending.readUInt16LE(4), pending.readUInt16LE(6), Buffer.from(pending.subarray(8, end)));
      pending = pending.subarray(end);
    }
  });
  socket.on("end", () => socket.destroy());
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      for (const { name, reject } of waiting.splice(0)) {
        reject(helperError("MONITOR_LOST", `cannot ${name}: the monitor has hung up`));
      }
      resolve();
    });
  });
  const request = (name: string, type: number, ...values: number[]): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      if (socket.destroyed) {
        reject(helperError("MONITOR_LOST", `cannot ${name}: the monitor has hung up`));
        return;
      }
      const timer = setTimeout(() => reject(silence(name)), PATIENCE);
      timer.unref();
      const answered =
        <T>(done: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          done(value);
        };
      waiting.push({ name, resolve: answered(resolve), reject: answered(reject) });
      socket.write(encodeRequest(type, values));
    });
  const command = async (...args: Parameters<typeof request>): Promise<void> => void (await request(...args));

  return {
    status: async () => parseStatus(await request("ask the monitor", types.status)),
    resize: (rows, columns) => command("resize the terminal", types.resize, rows, columns),
    reopenLog: () => command("reopen the log", types.reopenLog),
    closeStdin: () => command("close standard input", types.closeStdin),
    detachAll: () => command("detach all clients", types.detachAll),
    stopLog: (stopped) => command("stop the log", types.stopLog, stopped ? 1 : 0),
    signal: (number, { group = false } = {}) =>
      command(`send signal ${number}`, types.signal, number, group ? 1 : 0),
    revive: (wanted) => command("change what comes after the end", types.revive, wanted ? 1 : 0),
    watch: (to) => {
      listener = to;
      return command("watch the container", types.watch);
    },
    closed,
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

function encodeRequest(type: number, values: readonly number[]): Buffer {
  const record = Buffer.alloc(8 + 4 * values.length);
  record.writeUInt32LE(record.length - 4);
  record.writeUInt16LE(type, 4);
  for (const [index, value] of values.entries()) record.writeUInt32LE(value, 8 + 4 * index);
  return record;
}

function silence(name: string): Error {
  return helperError("MONITOR_SILENT", `cannot ${name}: the monitor does not answer`, {
    hint: "it was stopped, or waits for a disk that hangs; tug rm -f ends it with its container",
  });
}

function refusal(name: string, errno: number): Error {
  return helperError("MONITOR_REFUSED", `cannot ${name}: ${errnoText(errno)}`, {
    details: { errno: errnoName(errno) },
  });
}

function parseStatus(content: Buffer): MonitorStatus {
  const reader = createReader(content);
  const version = reader.u32();
  const state = reader.u32();
  const monitor = { pid: reader.u32(), startTime: reader.u64() };
  const init = { pid: reader.u32(), startTime: reader.u64() };
  return {
    version,
    monitor,
    init: state & 1 ? init : undefined,
    exited: (state & 2) !== 0,
    drained: (state & 4) !== 0,
    oomKills: Number(reader.u64()),
    droppedLogBytes: Number(reader.u64()),
    clients: reader.u32(),
  };
}

/** Undefined for an event that only a newer monitor knows. */
function parseEvent(type: number, content: Buffer): MonitorEvent | undefined {
  if (type === OOM) return { type: "oom", kills: Number(content.readBigUInt64LE()) };
  if (type === EXIT) return { type: "exit", record: parseExitRecord(content) };
  return type === DRAINED ? { type: "drained" } : undefined;
}
