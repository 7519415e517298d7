import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { encodePlan, verifyPlan } from "../plan/index.ts";
import { helperError } from "./errors.ts";
import { createHelper, followPlan, type Helper } from "./helper.ts";

/** First byte of a connection: what the spawner's child is to become. See docs/front-protocol.md. */
export const spawnerRoles = { monitor: Buffer.from("m"), run: Buffer.from("r") } as const;

/** How long a fresh spawner may take until it listens, in milliseconds. */
const PATIENCE = 5000;

/** The process that forks monitors and runs, so that this one never does. */
export interface Spawner extends Disposable {
  /** A connection that a child of the given role serves. Starts another spawner when the last one has died. */
  connect(role: keyof typeof spawnerRoles): Promise<Socket>;
}

export type SpawnerOptions = {
  /** The helper program. */
  readonly helper: string;
  /** Where the spawner listens. */
  readonly socket: string;
  /** Files to join its control group by, which its children inherit. */
  readonly groupFiles: readonly string[];
};

/** A spawner that is started on first use. It ends with this process, its monitors do not. */
export function createSpawner(options: SpawnerOptions): Spawner {
  let child: ChildProcess | undefined;
  let starting: Promise<void> | undefined;
  const ensure = (): Promise<void> => {
    if (child?.exitCode === null && child.signalCode === null) return Promise.resolve();
    starting ??= startSpawner(options)
      .then((started) => {
        child = started;
      })
      .finally(() => {
        starting = undefined;
      });
    return starting;
  };
  return {
    async connect(role) {
      await ensure();
      const socket = await dial(options.socket);
      socket.write(spawnerRoles[role]);
      return socket;
    },
    [Symbol.dispose]: () => void child?.kill("SIGTERM"),
  };
}

/** A helper whose plans are executed by children of the spawner; a plan with streams gets a process of its own. */
export function spawnedHelper(spawner: Spawner, path: string): Helper {
  const own = createHelper(path);
  return {
    start: own.start,
    async execute(plan, options = {}) {
      if (options.stdio !== undefined || options.descriptors !== undefined) return own.execute(plan, options);
      verifyPlan(plan);
      const { message, digest } = encodePlan(plan, options.bindings);
      options.signal?.throwIfAborted();
      const socket = await spawner.connect("run");
      try {
        socket.write(message);
        return await followPlan(socket, { plan, digest, options });
      } finally {
        socket.destroy();
      }
    },
  };
}

async function startSpawner({ helper, socket, groupFiles }: SpawnerOptions): Promise<ChildProcess> {
  const groups = groupFiles.flatMap((file) => ["--cgroup", file]);
  // The fourth stream is the lifeline: the spawner ends when this process does.
  const child = spawn(helper, ["spawner", ...groups, socket], {
    stdio: ["ignore", "ignore", "ignore", "pipe"],
    cwd: "/",
    env: {},
  });
  child.on("error", () => undefined);
  child.unref();
  for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(2)) {
    if (child.exitCode !== null) break;
    const probe = await dial(socket).catch(() => undefined);
    if (probe === undefined) continue;
    probe.destroy();
    return child;
  }
  child.kill("SIGKILL");
  throw helperError("MISSING", `cannot start the spawner ${helper}: it does not listen on ${socket}`);
}

async function dial(path: string): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true });
  try {
    await once(socket, "connect");
    socket.on("error", () => undefined);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
