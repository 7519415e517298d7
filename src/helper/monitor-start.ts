import type { Socket } from "node:net";
import type { Digest } from "../base/index.ts";
import { type OutgoingPlan, tableHash } from "../plan/index.ts";
import { type Failure, readAnswers } from "./answer.ts";
import { helperError } from "./errors.ts";
import type { InitProcess } from "./helper.ts";
import { encodeMonitorRequest, type MonitorRequest } from "./monitor-request.ts";
import { errnoName, errnoText, failureError } from "./sentence.ts";
import { converseWith, type ProcessMaker } from "./spawner.ts";

/** Number of the descriptor at which a plan under a monitor finds the socket for its terminal: `inherit {fd: 3}`. */
export const MONITOR_CONSOLE = 3;

export type MonitorStartOptions = {
  /** Ends the conversation only: the monitor goes on, and tells by its sockets and its exit record what became of it. */
  readonly signal?: AbortSignal;
  /**
   * Called when the monitor serves its directory, before it is told what to create: who attaches here misses nothing,
   * also of a program that no FIFO holds back. When it rejects nothing is created.
   */
  readonly onReady?: () => Promise<void>;
  /** Called when the container's first process exists, before the plan goes on. */
  readonly onCreated?: (container: MonitoredContainer) => void;
};

/** The container's first process, and the digest of the plan that made it. */
export type MonitoredContainer = { readonly digest: Digest; readonly init: InitProcess };

/**
 * Has a fresh process become a monitor that creates a container, and waits until that is done. The monitor outlives
 * this process and the one that made it.
 *
 * @throws HELPER_MONITOR_SETUP when the monitor cannot be set up, RUNTIME_* when an op of the plan fails
 */
export async function startMonitor(
  maker: ProcessMaker,
  request: MonitorRequest,
  plan: OutgoingPlan,
  options: MonitorStartOptions = {},
): Promise<MonitoredContainer> {
  const { signal, onReady, onCreated } = options;
  return converseWith(maker, "monitor", async (socket) => {
    const abort = () => socket.destroy();
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      socket.write(encodeMonitorRequest(request));
      // While the monitor makes what it owns.
      const { message, digest } = plan.encode();
      if (onReady === undefined) socket.write(message);
      const onGreeting = async (): Promise<void> => {
        await onReady?.();
        if (onReady !== undefined) socket.write(message);
      };
      return await converse(socket, { plan, digest, directory: request.directory, onGreeting, onCreated });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  });
}

type Expected = {
  plan: OutgoingPlan;
  digest: Digest;
  directory: string;
  onGreeting: () => Promise<void>;
  onCreated: MonitorStartOptions["onCreated"];
};

async function converse(socket: Socket, expected: Expected): Promise<MonitoredContainer> {
  const { plan, digest, directory } = expected;
  let init: InitProcess | undefined;
  let greeted = false;
  for await (const answer of readAnswers(socket)) {
    if (answer.type === "greeting") {
      greeted = true;
      checkTable(answer.tableHash);
      await expected.onGreeting();
    }
    if (answer.type === "created") {
      init = { pid: answer.pid, startTime: answer.startTime };
      expected.onCreated?.({ digest, init });
    }
    if (answer.type === "failed")
      throw greeted ? failureError(plan.ops(), answer.failure) : setupError(answer.failure, directory);
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
