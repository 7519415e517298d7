import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { type Digest, messageOf } from "../base/index.ts";
import { type Binding, encodePlan, type Plan, tableHash, verifyPlan } from "../plan/index.ts";
import { type Failure, readAnswers } from "./answer.ts";
import { helperError } from "./errors.ts";
import type { InitProcess } from "./helper.ts";
import { encodeMonitorRequest, type MonitorRequest } from "./monitor-request.ts";
import { errnoName, errnoText, failureError } from "./sentence.ts";

/** Number of the descriptor at which a plan under a monitor finds the socket for its terminal: `inherit {fd: 3}`. */
export const MONITOR_CONSOLE = 3;

export type MonitorStartOptions = {
  /** Values that stay out of the plan's digest. */
  readonly bindings?: readonly Binding[];
  /** Ends the conversation only: the monitor goes on, and tells by its sockets and its exit record what became of it. */
  readonly signal?: AbortSignal;
  /**
   * Called when the monitor serves its directory, before it is told what to create: who attaches here misses nothing,
   * also of a program that no FIFO holds back. When it rejects nothing is created.
   */
  readonly onReady?: () => Promise<void>;
};

export type MonitoredContainer = { readonly digest: Digest; readonly init: InitProcess };

/**
 * Starts a monitor that creates a container, and waits until that is done. The monitor is no child of this process
 * and outlives it.
 *
 * @param path the helper program
 * @throws HELPER_MONITOR_SETUP when the monitor cannot be set up, RUNTIME_* when an op of the plan fails
 */
export async function startMonitor(
  path: string,
  request: MonitorRequest,
  plan: Plan,
  options: MonitorStartOptions = {},
): Promise<MonitoredContainer> {
  verifyPlan(plan);
  const { message, digest } = encodePlan(plan, options.bindings);
  const child = spawn(path, ["monitor", "3"], { stdio: ["ignore", "ignore", "ignore", "pipe"], env: {} });
  const failed = once(child, "error").then(([error]): never => {
    throw helperError("MISSING", `cannot start the helper ${path}: ${messageOf(error)}`, { cause: error });
  });
  failed.catch(() => undefined);
  const socket = child.stdio[3] as unknown as Duplex | undefined;
  if (socket === undefined) return failed;
  const abort = () => socket.destroy();
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    socket.on("error", () => undefined);
    socket.write(encodeMonitorRequest(request));
    if (options.onReady === undefined) socket.write(message);
    const onGreeting = async (): Promise<void> => {
      await options.onReady?.();
      if (options.onReady !== undefined) socket.write(message);
    };
    const expected = { plan, digest, directory: request.directory, onGreeting };
    return await Promise.race([converse(socket, expected), failed]);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abort);
    socket.destroy();
  }
}

type Expected = { plan: Plan; digest: Digest; directory: string; onGreeting: () => Promise<void> };

async function converse(socket: Duplex, expected: Expected): Promise<MonitoredContainer> {
  const { plan, digest, directory } = expected;
  let init: InitProcess | undefined;
  let greeted = false;
  for await (const answer of readAnswers(socket)) {
    if (answer.type === "greeting") {
      greeted = true;
      checkTable(answer.tableHash);
      await expected.onGreeting();
    }
    if (answer.type === "created") init = { pid: answer.pid, startTime: answer.startTime };
    if (answer.type === "failed")
      throw greeted ? failureError(plan, answer.failure) : setupError(answer.failure, directory);
    if (answer.type === "done" && init !== undefined && answer.digest === digest) return { digest, init };
    if (answer.type === "done")
      throw helperError("DIGEST", "cannot trust the helper: it executed another plan");
  }
  throw helperError("LOST", "cannot create the container: its monitor ended without an answer");
}

function checkTable(hash: string): void {
  if (hash === tableHash) return;
  throw helperError("MISMATCH", "cannot use the helper: it was built from another op table", {
    hint: "build both again with: npm run build",
  });
}

function setupError({ errno, call, path }: Failure, directory: string): Error {
  return helperError(
    "MONITOR_SETUP",
    `cannot set up a monitor in ${path || directory}: ${call}: ${errnoText(errno)}`,
    {
      details: { errno: errnoName(errno), call, path },
    },
  );
}
