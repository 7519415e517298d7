import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { type Digest, errnoOf, messageOf } from "../base/index.ts";
import { asOutgoing, type Binding, type OutgoingPlan, type Plan, tableHash } from "../plan/index.ts";
import { readAnswers } from "./answer.ts";
import { helperError } from "./errors.ts";
import { forwardSignals, type SignalSource } from "./forward-signals.ts";
import { failureError } from "./sentence.ts";

/** Standard descriptor of the helper and so of hooks and the container's program. */
export type StandardDescriptor = "ignore" | "inherit" | number;

export type ExecuteOptions = {
  /** Values that stay out of the plan's digest, for one that is not encoded yet. */
  bindings?: readonly Binding[];
  /** Descriptors 0, 1 and 2; ignored by default. */
  stdio?: readonly [StandardDescriptor, StandardDescriptor, StandardDescriptor];
  /** What the helper finds at descriptor 3 and up: a descriptor of this process, or a new stream. */
  descriptors?: readonly (number | "stream")[];
  /** Called as soon as init exists. */
  onCreated?: (init: InitProcess) => void;
  /**
   * Nothing is left to do when the plan has been executed: where that happens in the process of a command, the command has
   * ended then, with 0 or as init has.
   */
  isLast?: boolean;
  /** Kills the helper, and with it an init that is not created yet. */
  signal?: AbortSignal;
};

/** A process by a pid that cannot be mistaken after it was recycled. */
export type InitProcess = {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot. */
  readonly startTime: bigint;
};

export type ExecuteResult = {
  /** Digest of the executed plan as the helper computed it. */
  readonly digest: Digest;
  readonly init: InitProcess | undefined;
  /** What `readInRoot` ops returned, by their tag. */
  readonly data: ReadonlyMap<number, Buffer>;
  /** Raw wait status of init, where the plan waited for its end. */
  readonly waitStatus: number | undefined;
};

/** A plan under way. */
export type Execution = {
  /** The streams asked for in `descriptors`, in their order. */
  readonly streams: readonly Duplex[];
  readonly result: Promise<ExecuteResult>;
};

/** Executes plans with the C program. */
export interface Helper {
  /**
   * Verifies a plan, starts the helper with it and returns at once; for plans whose ops read or write streams.
   * `result` rejects with RUNTIME_* where an op failed, HELPER_* where the helper did.
   */
  start(plan: Plan | OutgoingPlan, options?: ExecuteOptions): Execution;
  /** The same for plans without streams. */
  execute(plan: Plan | OutgoingPlan, options?: ExecuteOptions): Promise<ExecuteResult>;
}

/**
 * A helper that is started anew for each plan.
 *
 * While a plan waits for the container's end and forwards signals, those of this process go to the helper. Unless it
 * relays a terminal it then gets a session of its own, so that a signal to this process's whole group comes once.
 *
 * @param path the program, `tug-helper`
 * @param signals where this process's signals are heard; absent: they stay its own
 */
export function createHelper(path: string, signals?: SignalSource): Helper {
  const start = (plan: Plan | OutgoingPlan, options: ExecuteOptions = {}): Execution => {
    const { encode, ops } = asOutgoing(plan, options.bindings);
    const { message, digest } = encode();
    const descriptors = options.descriptors ?? [];
    const channel = 3 + descriptors.length;
    const waiting = signals && ops().host.find((op) => op.op === "waitExit" && op.forward === 1);
    const child = spawn(path, ["run", String(channel)], {
      detached: waiting?.op === "waitExit" && waiting.terminal === undefined,
      stdio: [
        ...(options.stdio ?? (["ignore", "ignore", "ignore"] as const)),
        ...descriptors.map((descriptor) => (descriptor === "stream" ? ("pipe" as const) : descriptor)),
        "pipe",
      ] as StdioOptions,
      ...(options.signal && { signal: options.signal, killSignal: "SIGKILL" as const }),
    });
    const streams = descriptors.flatMap((descriptor, index) =>
      descriptor === "stream" ? [child.stdio[3 + index] as unknown as Duplex] : [],
    );
    // Who uses a stream hears of its failure there. One that fails when it is used no more must not end this process.
    for (const stream of streams) stream.on("error", () => undefined);
    const forwarding = waiting && signals && forwardSignals(signals, child);
    const result = converse({ child, channel, message, digest, ops, options }).finally(() =>
      forwarding?.[Symbol.dispose](),
    );
    result.catch(() => undefined);
    return { streams, result };
  };
  return { start, execute: (plan, options) => start(plan, options).result };
}

type Conversation = {
  child: ChildProcess;
  channel: number;
  message: Uint8Array;
  digest: Digest;
  ops: () => Plan;
  options: ExecuteOptions;
};

async function converse(conversation: Conversation): Promise<ExecuteResult> {
  const { child, channel, message } = conversation;
  const failed = once(child, "error").then(([error]): never => {
    throw startError(child.spawnfile, error);
  });
  failed.catch(() => undefined);
  const socket = child.stdio[channel] as unknown as Duplex | undefined;
  if (socket === undefined) return failed;
  socket.on("error", () => undefined);
  socket.write(message);
  const followed = followPlan(socket, conversation).finally(() => socket.destroy());
  return Promise.race([followed, failed]);
}

/**
 * Follows the execution of a plan by its answers, wherever it is executed.
 *
 * @param answers the bytes of docs/plan-wire.md, "To the caller"
 * @throws RUNTIME_* where an op failed, HELPER_* where the helper did
 */
export async function followPlan(
  answers: AsyncIterable<Buffer>,
  { digest, ops, options }: Pick<Conversation, "digest" | "ops" | "options">,
): Promise<ExecuteResult> {
  let init: InitProcess | undefined;
  const data = new Map<number, Buffer>();
  for await (const answer of readAnswers(answers)) {
    switch (answer.type) {
      case "greeting":
        checkGreeting(answer.tableHash);
        break;
      case "created":
        init = { pid: answer.pid, startTime: answer.startTime };
        options.onCreated?.(init);
        break;
      case "data":
        data.set(answer.tag, answer.bytes);
        break;
      case "failed":
        throw failureError(ops(), answer.failure);
      case "done":
        if (answer.digest !== digest) {
          throw helperError(
            "DIGEST",
            `cannot trust the helper: it executed ${answer.digest} instead of ${digest}`,
          );
        }
        return { digest, init, data, waitStatus: answer.waitStatus };
    }
  }
  options.signal?.throwIfAborted();
  throw helperError("LOST", "cannot execute the plan: the helper ended without an answer");
}

function checkGreeting(hash: string): void {
  if (hash === tableHash) return;
  throw helperError(
    "MISMATCH",
    `cannot use the helper: it was built from op table ${hash}, not ${tableHash}`,
    {
      hint: "build both again with: npm run build",
    },
  );
}

export function startError(path: string, error: unknown): Error {
  if (error instanceof Error && error.name === "AbortError") return error;
  const reason = errnoOf(error) === "ENOENT" ? "it is not there" : messageOf(error);
  return helperError("MISSING", `cannot start the helper ${path}: ${reason}`, {
    hint: "build it with: npm run build",
    cause: error,
  });
}
