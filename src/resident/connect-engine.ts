import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, canceled, connect } from "../api/docker/client/index.ts";
import { errnoOf, TugError } from "../base/index.ts";
import { findFailure, logLength } from "./engine-failure.ts";
import { residentError } from "./errors.ts";
import { isHeld } from "./lock-holder.ts";
import { isNewer } from "./version-order.ts";

export type ConnectOptions = {
  /** The engine's socket. */
  readonly socket: string;
  /** User id of the caller. */
  readonly uid: number;
  /** What the caller would start. */
  readonly own: { readonly version: string; readonly build: string };
  /** Rejects when `start` would be refused. */
  readonly check: () => Promise<void>;
  /**
   * Has an engine be there, one for many callers. Resolves when it has its lock, not when it answers.
   *
   * @returns whether the process that was started, if one was, still runs
   */
  readonly start: (signal: AbortSignal | undefined) => Promise<() => Promise<boolean>>;
  /** The lock that an engine holds from its begin to its end. */
  readonly lockFile: string;
  /** Where the engine writes its log, for the error. */
  readonly logFile: string;
  /** Ends the waiting for an engine to come up; the engine comes up nevertheless. */
  readonly signal?: AbortSignal | undefined;
  /** What an engine leaves there that has the lock and does something before it answers: it is waited for as long as it takes. */
  readonly workFile: string;
  /** Is told, once, what such an engine does. */
  readonly onWork?: ((sentence: string) => void) | undefined;
  /** How long fresh engines that say nothing may take until one answers, in milliseconds. */
  readonly patience?: number;
};

/** A minute: the machine may be busy. */
const PATIENCE = 60_000;

/** How often is looked, in milliseconds. */
const STEP = 20;

/**
 * A client of the resident engine, which is started when nobody answers, now or later. Of several callers at once one
 * starts it, and all find it; should there be two, the lock of the data directory leaves one of them.
 *
 * An engine of another build is asked to make room, unless it is of a newer version or the caller could not start one.
 * While it has commands under way it says no, and is used as it is.
 *
 * @throws ENGINE_PROCESS_NOT_ROOT, ENGINE_PROCESS_START, CLIENT_CANCELED
 */
export async function connectEngine(options: ConnectOptions): Promise<Client> {
  const { socket, uid, signal } = options;
  using probe = connect({ socket });
  const revive = (signal?: AbortSignal) => reviveEngine({ ...options, signal });
  const found = await describe(probe, signal);
  const makesRoom = found !== undefined && uid === 0 && (await replaces(probe, found, options));
  if (found === undefined || makesRoom) await revive(signal);
  return connect({ socket, revive });
}

/**
 * Makes an engine answer. Nobody starts one while another one is on its way; one that has ended met such a one, or else it
 * was killed.
 */
async function reviveEngine(options: ConnectOptions): Promise<void> {
  const { socket, uid, start, logFile, lockFile, signal, patience = PATIENCE } = options;
  if (uid !== 0) {
    throw residentError(
      "NOT_ROOT",
      "cannot use the engine: you are not root, and containers without root are not there yet",
      { hint: "try again with sudo" },
    );
  }
  const log = { logFile, offset: await logLength(logFile), signal };
  let end = Date.now() + patience;
  const isAtWork = createWorkWatch(options);
  const isOver = async (): Promise<boolean> => {
    // What it does after that counts anew.
    if (await isAtWork()) end = Date.now() + patience;
    return Date.now() >= end;
  };
  const asCanceled = (error: unknown): never => {
    throw signal?.aborted ? canceled(signal.reason) : error;
  };
  using probe = connect({ socket });
  while (!(await isOver())) {
    const runs = (await isHeld(lockFile)) ? undefined : await start(signal).catch(asCanceled);
    const isComing = async (): Promise<boolean> => (await runs?.()) || (await isHeld(lockFile));
    if (await untilItAnswers(probe, { ...log, isOver, isComing })) return;
  }
  throw residentError("START", "cannot start the engine: it does not answer", {
    hint: `look into ${logFile}`,
  });
}

/** Tells whether an engine has the lock and says what it does instead of answering. */
function createWorkWatch({ workFile, lockFile, onWork }: ConnectOptions): () => Promise<boolean> {
  let told = false;
  return async () => {
    const work = await readFile(workFile, "utf8").catch(() => undefined);
    if (work === undefined || !(await isHeld(lockFile))) return false;
    if (!told) onWork?.(work.trim());
    told = true;
    return true;
  };
}

type Found = { readonly Version?: string; readonly Build?: string };

/** Whether an engine that answers has agreed to be replaced, or is gone by now. */
async function replaces(
  client: Client,
  found: Found,
  { own, check, signal }: ConnectOptions,
): Promise<boolean> {
  const { Version: version = own.version, Build: build = own.build } = found;
  if (build === own.build || isNewer(version, own.version)) return false;
  try {
    await check();
  } catch {
    return false;
  }
  try {
    await client.tug.endEngine({ signal });
    return true;
  } catch (error) {
    if (isNobodyThere(error)) return true;
    if (error instanceof TugError && error.kind === "conflict") return false;
    throw error;
  }
}

type Starting = {
  readonly logFile: string;
  /** Length of the log before. */
  readonly offset: number;
  /** Whether it has been waited for long enough. */
  readonly isOver: () => Promise<boolean>;
  /** Whether an engine is on its way. */
  readonly isComing: () => Promise<boolean>;
  readonly signal: AbortSignal | undefined;
};

/** Whether an engine answers before none is on its way any more, or the time is over. @throws ENGINE_PROCESS_START, CLIENT_CANCELED */
async function untilItAnswers(
  client: Client,
  { logFile, offset, isOver, isComing, signal }: Starting,
): Promise<boolean> {
  for (let coming = true; coming && !(await isOver()); await sleep(STEP)) {
    if (signal?.aborted) throw canceled(signal.reason);
    coming = await isComing();
    if ((await describe(client, signal)) !== undefined) return true;
    const failure = await findFailure(logFile, offset);
    if (failure !== undefined) {
      throw residentError("START", `cannot start the engine: ${failure.reason}`, {
        hint: failure.hint ?? `look into ${logFile}`,
      });
    }
  }
  return false;
}

/** The engine that listens, if one does. An error other than "nobody there" is the caller's to see. */
async function describe(client: Client, signal: AbortSignal | undefined): Promise<Found | undefined> {
  try {
    return await client.tug.engine({ signal });
  } catch (error) {
    if (isNobodyThere(error)) return undefined;
    // Something else that speaks the protocol.
    if (error instanceof TugError && error.kind === "notFound") return {};
    throw error;
  }
}

function isNobodyThere(error: unknown): boolean {
  const reason = errnoOf((error as { cause?: unknown }).cause) ?? errnoOf(error);
  return ["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES"].includes(reason ?? "");
}
