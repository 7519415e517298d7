import type { Client, StartOptions } from "../../api/docker/client/index.ts";
import type { Outcome } from "../arguments/command.ts";
import type { CliContext, TerminalSize } from "../context.ts";
import { cliError } from "../errors.ts";
import { forwardSignals } from "./forward-signals.ts";
import { explainStartFailure } from "./start-failure.ts";
import { startSession } from "./stdio.ts";
import { followTerminalSize } from "./terminal-size.ts";

export type RunSession = {
  readonly context: CliContext;
  readonly client: Client;
  readonly container: string;
  /** What it begins with. */
  readonly start?: StartOptions;
  readonly tty: boolean;
  readonly attach: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** The container is removed when it ends: wait for that. */
  readonly removed: boolean;
  readonly forwardSignals: boolean;
  readonly detachKeys: string;
  readonly signal: AbortSignal;
};

/** 128 + SIGPIPE: nobody reads our output any more. */
const UNREAD = 141;

/**
 * Starts a container with the caller's streams attached and ends with its exit code. Attaching and waiting come before
 * starting, so that neither output nor the end can be missed.
 */
export async function runSession(run: RunSession): Promise<Outcome> {
  const { context, client, container, attach, signal } = run;
  const gaveUp = Promise.withResolvers<never>();
  // Only raced against: unless it is lost nobody waits for it.
  gaveUp.promise.catch(() => {});
  const giveUp = () => gaveUp.reject(impatient());
  const stopForwarding = run.forwardSignals
    ? forwardSignals(context, client, { container, giveUp })
    : () => {};
  try {
    const streams = await client.containers.attach(container, {
      ...attach,
      detachKeys: run.detachKeys,
      signal,
    });
    const session = startSession(context, streams, { ...run, stdin: attach.stdin });
    try {
      return await Promise.race([startAndWait(run, session), gaveUp.promise]);
    } finally {
      session.close();
    }
  } finally {
    stopForwarding();
  }
}

async function startAndWait(run: RunSession, session: ReturnType<typeof startSession>): Promise<Outcome> {
  const { context, client, container, attach, signal } = run;
  const waiting = await client.containers.wait(container, run.removed ? "removed" : "next-exit", { signal });
  try {
    await client.containers.start(container, { ...run.start, signal });
  } catch (error) {
    session.close();
    // Nothing may stay behind. The engine does the same by itself: then there is nothing left to remove.
    if (run.removed) await client.containers.remove(container, { force: true }).catch(() => undefined);
    throw explainStartFailure(error);
  }
  const resize = (size: TerminalSize) => client.containers.resize(container, size);
  const stopResizing = run.tty ? followTerminalSize(context, { resize, nudge: false }) : () => {};
  try {
    // Without output nothing but the end of the container ends the session.
    const how = attach.stdout || attach.stderr ? await session.done : "ended";
    if (how === "detached") return {};
    if (how === "unread") return { exitCode: UNREAD };
    return exitOf(await waiting.ended);
  } finally {
    stopResizing();
  }
}

/** The outcome for the end of a container. */
export function exitOf(end: { StatusCode: number; Error?: { Message: string } | undefined }): Outcome {
  if (end.Error === undefined) return { exitCode: end.StatusCode };
  throw cliError("FAILED", `cannot wait for the container: ${end.Error.Message}`, {
    details: { exitCode: 125 },
  });
}

function impatient() {
  return cliError("FAILED", "stopped waiting for the container after three signals", {
    hint: "it may still be running: see tug ps",
    details: { exitCode: 1 },
  });
}
