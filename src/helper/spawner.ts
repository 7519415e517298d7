import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type Logger, messageOf } from "../base/index.ts";
import { asOutgoing, type OutgoingPlan, type Plan } from "../plan/index.ts";
import { helperError } from "./errors.ts";
import { createHelper, type ExecuteOptions, type ExecuteResult, followPlan, type Helper } from "./helper.ts";

/** First byte of a connection: what the spawner's child is to become. See docs/front-protocol.md. */
const roles = {
  monitor: Buffer.from("m"),
  run: Buffer.from("r"),
  witness: Buffer.from("w"),
  shortcut: Buffer.from("s"),
  network: Buffer.from("n"),
} as const;

/** After a shorter life, in milliseconds, the next spawner waits until it is needed. */
const SHORT_LIFE = 1000;

/** Who makes the processes that become monitors and execute plans. */
export type ProcessMaker = {
  /**
   * A connection that a fresh process of the given role serves. It may end without a byte, where the spawner died or
   * the kernel made no process: then nothing has happened.
   */
  connect(role: keyof typeof roles): Promise<Socket>;
};

/** The process that forks monitors and runs, so that this one never does. */
export interface Spawner extends ProcessMaker, AsyncDisposable {
  /** Of the process that forks. */
  readonly pid: number | undefined;
}

/** How often is tried to start one. */
const ATTEMPTS = 3;

export type SpawnerOptions = {
  /** The helper program. */
  readonly helper: string;
  /** Where the spawner listens. */
  readonly socket: string;
  /** Makes its control group, which its children inherit, and returns the files to join it by. */
  readonly makeGroup: () => Promise<readonly string[]>;
  /** How an engine is brought back when this one goes and `wantedFile` is there; left out: none is. */
  readonly revive?: { readonly startFile: string; readonly wantedFile: string };
  readonly logger: Logger;
};

/**
 * Starts a spawner, and another one whenever it dies. It ends with this process; what it has made goes on.
 *
 * @throws HELPER_SPAWNER when there cannot be one
 */
export async function openSpawner(options: SpawnerOptions): Promise<Spawner> {
  const { logger, socket } = options;
  let closed = false;
  let current: Promise<Running> | undefined;
  const ensure = (): Promise<Running> => {
    current ??= startSpawner(options).then(watch, (error: unknown) => {
      current = undefined;
      throw error;
    });
    return current;
  };
  const watch = (running: Running): Running => {
    const since = Date.now();
    void running.ended.then((how) => {
      current = undefined;
      if (closed) return;
      logger.log("warn", "spawner.lost", { pid: running.child.pid, how });
      if (Date.now() - since < SHORT_LIFE) return;
      ensure().catch((error: unknown) => logger.log("error", "spawner.failed", { error: messageOf(error) }));
    });
    return running;
  };
  let { pid } = (await ensure()).child;
  return {
    get pid() {
      return pid;
    },
    async connect(role) {
      for (;;) {
        const running = await ensure();
        pid = running.child.pid;
        const connection = await dial(socket, running);
        if (connection === undefined) continue;
        connection.write(roles[role]);
        return connection;
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      const running = await current?.catch(() => undefined);
      // It ends with its lifeline.
      running?.child.stdio[3]?.destroy();
      await running?.ended;
    },
  };
}

/** The spawner's process, and how it ended. */
type Running = { readonly child: ChildProcess; readonly ended: Promise<string> };

/** A helper whose plans are executed by children of the spawner; a plan with streams gets a process of its own. */
export function spawnedHelper(maker: ProcessMaker, path: string): Helper {
  const own = createHelper(path);
  return {
    start: own.start,
    async execute(plan, options = {}) {
      if (options.stdio ?? options.descriptors ?? options.signal) return own.execute(plan, options);
      return executeBy(maker, plan, options);
    },
  };
}

/**
 * Has a plan without streams executed by a fresh process.
 *
 * @throws RUNTIME_* where an op failed, HELPER_* where the process did
 */
export async function executeBy(
  maker: ProcessMaker,
  plan: Plan | OutgoingPlan,
  options: Pick<ExecuteOptions, "bindings" | "onCreated"> = {},
): Promise<ExecuteResult> {
  const { encode, ops } = asOutgoing(plan, options.bindings);
  const { message, digest } = encode();
  return converseWith(maker, "run", (socket) => {
    socket.write(message);
    return followPlan(socket, { ops, digest, options });
  });
}

/** Talks to a fresh process. Where none came to be nothing has happened, and it is tried once more. */
export async function converseWith<T>(
  maker: ProcessMaker,
  role: keyof typeof roles,
  talk: (socket: Socket) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    const socket = await maker.connect(role);
    try {
      socket.on("error", () => undefined);
      return await talk(socket);
    } catch (error) {
      if (socket.bytesRead > 0 || attempt > 1) throw error;
    } finally {
      socket.destroy();
    }
  }
}

/**
 * Asks for a process before it is known what it is to do, so that it is made meanwhile: the first connection of this role
 * is there already, or soon. Disposed of, a process that nobody has taken ends.
 */
export function connectAhead(maker: ProcessMaker, role: keyof typeof roles): ProcessMaker & Disposable {
  let waiting: Promise<Socket> | undefined = maker.connect(role);
  // That it was lost is noticed by whoever talks to it.
  waiting.then((socket) => socket.on("error", () => undefined)).catch(() => undefined);
  const take = (): Promise<Socket> | undefined => {
    const taken = waiting;
    waiting = undefined;
    return taken;
  };
  return {
    connect: (asked) => (asked === role ? take() : undefined) ?? maker.connect(asked),
    [Symbol.dispose]() {
      take()
        ?.then((socket) => socket.destroy())
        .catch(() => undefined);
    },
  };
}

/** A group that is empty may be removed by anybody, also before the spawner is in it: then it is made once more. */
async function startSpawner(options: SpawnerOptions): Promise<Running> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await trySpawner(options);
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

async function trySpawner({ helper, socket, makeGroup, revive }: SpawnerOptions): Promise<Running> {
  const groups = (await makeGroup()).flatMap((file) => ["--cgroup", file]);
  const revival = revive === undefined ? [] : ["--revive", revive.startFile, revive.wantedFile];
  // The fourth stream is the lifeline: the spawner says on it that it listens, and ends when this process does.
  const child = spawn(helper, ["spawner", ...groups, ...revival, socket], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    cwd: "/",
    env: {},
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(messageOf(error)));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? code}`));
  });
  const lifeline = child.stdio[3] as unknown as Socket | undefined;
  lifeline?.on("error", () => undefined);
  const listens =
    lifeline &&
    once(lifeline, "data").then(
      () => undefined,
      () => ended,
    );
  const reason = await Promise.race(listens ? [listens, ended] : [ended]);
  if (reason !== undefined) throw helperError("SPAWNER", `cannot start the spawner ${helper}: ${reason}`);
  return { child, ended };
}

/** A connection; undefined when the spawner is dead. One that lives and does not listen is ended. */
async function dial(path: string, { child, ended }: Running): Promise<Socket | undefined> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    return socket;
  } catch {
    socket.destroy();
    child.kill("SIGKILL");
    await ended;
    return undefined;
  }
}
