import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AttachOptions,
  attachToMonitor,
  connectMonitor,
  type ExitRecord,
  MONITOR_CONSOLE,
  type MonitorControl,
  type MonitorEvent,
  type MonitorRequest,
  readExitRecord,
  startMonitor,
} from "../../src/helper/index.ts";
import { CREATED_BARRIER, type Op, outgoingPlan, type Plan } from "../../src/plan/index.ts";
import { helperPath, slot, type TestOp } from "../helper/driver.ts";
import { forkMonitor } from "./fork-monitor.ts";

export type ContainerOptions = Partial<MonitorRequest> & {
  /** Instead of a shell with the script. */
  readonly args?: readonly string[];
  /** The user that the program runs as. */
  readonly uid?: number;
  /** The program that is started as the helper. */
  readonly helper?: string;
};

/** A container under a monitor; going out of scope kills what is left of it and waits for the monitor's end. */
export type Container = AsyncDisposable & {
  readonly pid: number;
  readonly directory: string;
  readonly control: MonitorControl;
  /** Lets the created container run its program. */
  start(): Promise<void>;
  /** What the monitor has told so far. */
  readonly events: readonly MonitorEvent[];
  /** The record, when the container has ended. */
  ended(): Promise<ExitRecord>;
  /** Fulfilled when the monitor has ended, with the record. */
  finished(): Promise<ExitRecord>;
  attach(options?: AttachOptions): Promise<Client>;
};

/** Starts a shell script as a container without namespaces, in `PARENT/run`. */
export async function startContainer(
  parent: string,
  script: string,
  options: ContainerOptions = {},
): Promise<Container> {
  const container = await createContainer(parent, script, options);
  await container.start();
  return container;
}

/** The same, but it is only created: clients may attach before it prints anything. */
export async function createContainer(
  parent: string,
  script: string,
  options: ContainerOptions = {},
): Promise<Container> {
  const directory = options.directory ?? join(parent, "run");
  await mkdir(directory, { recursive: true });
  for (const fifo of ["start", "exec-status"]) await rm(join(directory, fifo), { force: true });
  const request = { id: "test", ...options, directory };
  const { init } = await startMonitor(
    forkMonitor(options.helper ?? helperPath),
    request,
    outgoingPlan(planOf(directory, script, options)),
  );
  const control = await connectMonitor(directory);
  const events: MonitorEvent[] = [];
  const exited = Promise.withResolvers<ExitRecord>();
  await control.watch((event) => {
    events.push(event);
    if (event.type === "exit") exited.resolve(event.record);
  });
  // A request that crosses the monitor's end breaks the connection, and events that were under way are lost.
  const lost = control.closed.then(() => exitRecordIn(directory));
  lost.then(exited.resolve, exited.reject);
  const finished = async () => {
    await control.closed;
    return await exited.promise;
  };
  return {
    pid: init.pid,
    directory,
    control,
    events,
    start: () => writeFile(join(directory, "start"), "x"),
    ended: () => exited.promise,
    finished,
    attach: async (attachOptions) => await attachClient(directory, attachOptions),
    async [Symbol.asyncDispose]() {
      await control.signal(9).catch(() => undefined);
      await control.detachAll().catch(() => undefined);
      await finished();
    },
  };
}

/** The plan: a program of the machine with the machine's own namespaces, which waits for its start. */
export function planOf(directory: string, script: string, options: ContainerOptions = {}): Plan {
  const args = options.args ?? ["/bin/sh", "-c", script];
  const kept = 0xffn; // CHOWN to SETUID: granted wherever these tests run as root
  const capabilities = options.uid ? 0n : kept;
  const console: TestOp[] = options.terminal ? [{ op: "console", socket: slot(0) }] : [];
  const lists: Record<keyof Plan, TestOp[]> = {
    host: [
      ...(options.terminal ? [{ op: "inherit", fd: MONITOR_CONSOLE, out: slot(0) } as const] : []),
      { op: "fifo", path: join(directory, "start"), out: slot(1) },
      { op: "fifo", path: join(directory, "exec-status"), out: slot(2) },
      { op: "runStage" },
      { op: "await", barrier: CREATED_BARRIER },
    ],
    stage: [{ op: "spawn", flags: 0 }],
    init: [
      { op: "session" },
      ...console,
      { op: "boundingSet", mask: kept },
      { op: "idSwitch", uid: options.uid ?? 0, gid: 0 },
      { op: "workDirectory", path: "/" },
      { op: "capabilities", effective: capabilities, permitted: capabilities, inheritable: 0n, ambient: 0n },
      { op: "findProgram", program: args[0] ?? "", path: "/usr/sbin:/usr/bin:/sbin:/bin" },
      { op: "awaitStart", start: slot(1), status: slot(2) },
      {
        op: "exec",
        args,
        env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
      },
    ],
  };
  const list = (name: keyof Plan) => lists[name].map((op) => ({ ...op, from: "test" }) as Op);
  return { host: list("host"), stage: list("stage"), init: list("init") };
}

/** A client of the attach socket that collects what it reads. */
export type Client = {
  readonly terminal: boolean;
  /** All bytes of stream 1 or 2 so far; of a terminal, all. */
  text(stream?: 1 | 2): string;
  /** Waits until that text matches; fails when the connection ends before. */
  until(pattern: RegExp, stream?: 1 | 2): Promise<RegExpExecArray>;
  write(text: string | Uint8Array): void;
  /** Half-closes. */
  end(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
  /** Fulfilled when the monitor has closed its side, with the number of bytes of output. */
  readonly closed: Promise<number>;
};

/** Attaches to stdin, stdout and stderr unless told otherwise. */
export async function attachClient(directory: string, options?: AttachOptions): Promise<Client> {
  const { socket, terminal } = await attachToMonitor(
    directory,
    options ?? { stdin: true, stdout: true, stderr: true },
  );
  const chunks: Record<1 | 2, Buffer[]> = { 1: [], 2: [] };
  let pending: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let wake = () => {};
  const closed = Promise.withResolvers<number>();
  socket.on("data", (chunk: Buffer) => {
    pending = terminal ? chunk : Buffer.concat([pending, chunk]);
    if (terminal) chunks[1].push(pending);
    while (!terminal && pending.length >= 8 && pending.length >= 8 + pending.readUInt32BE(4)) {
      const end = 8 + pending.readUInt32BE(4);
      chunks[pending[0] as 1 | 2].push(Buffer.from(pending.subarray(8, end)));
      bytes += end - 8;
      pending = pending.subarray(end);
    }
    wake();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed.resolve(bytes);
    wake();
  });
  socket.on("end", () => socket.end());
  const text = (stream: 1 | 2 = 1) => {
    chunks[stream] = [Buffer.concat(chunks[stream])];
    return `${chunks[stream][0]}`;
  };
  return {
    terminal,
    text,
    async until(pattern, stream = 1) {
      for (;;) {
        const match = pattern.exec(text(stream));
        if (match !== null) return match;
        if (socket.closed) throw new Error(`the connection ended; it gave ${JSON.stringify(text(stream))}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    write: (data) => void socket.write(data),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    closed: closed.promise,
  };
}

/** The lines of a log file as values. */
export async function readJsonLog(path: string): Promise<Record<string, unknown>[]> {
  return (await readFile(path, "utf8"))
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

/** The record in a directory; fails when there is none. */
export async function exitRecordIn(directory: string): Promise<ExitRecord> {
  const record = await readExitRecord(directory);
  if (record === undefined) throw new Error("there is no exit record");
  return record;
}
