import { setTimeout as sleep } from "node:timers/promises";
import { type Client, connect } from "../api/docker/client/index.ts";
import { errnoOf, TugError } from "../base/index.ts";
import { findFailure, logLength } from "./engine-failure.ts";
import { residentError } from "./errors.ts";
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
   * Starts an engine, which waits for one that is about to end. Resolves when its process has been started, not when it
   * answers.
   */
  readonly start: () => Promise<void>;
  /** Where the engine writes its log, for the error. */
  readonly logFile: string;
};

/** How long a fresh engine may take until it answers, in milliseconds. */
const PATIENCE = 20_000;

/**
 * A client of the resident engine, which is started when nobody answers. Several callers at once may each start one:
 * the lock of the data directory leaves one of them, and all find it.
 *
 * An engine of another build is asked to make room, unless it is of a newer version or the caller could not start one.
 * While it has commands under way it says no, and is used as it is.
 *
 * @throws ENGINE_PROCESS_NOT_ROOT, ENGINE_PROCESS_START
 */
export async function connectEngine(options: ConnectOptions): Promise<Client> {
  const { socket, uid, start, logFile } = options;
  const client = connect({ socket });
  try {
    const found = await describe(client);
    const makesRoom = found !== undefined && uid === 0 && (await replaces(client, found, options));
    if (found !== undefined && !makesRoom) return client;
    if (uid !== 0) {
      throw residentError(
        "NOT_ROOT",
        "cannot use the engine: you are not root, and containers without root are not there yet",
        { hint: "try again with sudo" },
      );
    }
    const offset = await logLength(logFile);
    await start();
    await untilItAnswers(client, { logFile, offset });
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

type Found = { readonly Version?: string; readonly Build?: string };

/** Whether an engine that answers has agreed to be replaced, or is gone by now. */
async function replaces(client: Client, found: Found, { own, check }: ConnectOptions): Promise<boolean> {
  const { Version: version = own.version, Build: build = own.build } = found;
  if (build === own.build || isNewer(version, own.version)) return false;
  try {
    await check();
  } catch {
    return false;
  }
  try {
    await client.tug.endEngine();
    return true;
  } catch (error) {
    if (isNobodyThere(error)) return true;
    if (error instanceof TugError && error.kind === "conflict") return false;
    throw error;
  }
}

async function untilItAnswers(client: Client, log: { logFile: string; offset: number }): Promise<void> {
  const hint = `look into ${log.logFile}`;
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if ((await describe(client)) !== undefined) return;
    const failure = await findFailure(log.logFile, log.offset);
    if (failure !== undefined) {
      const told = { hint: failure.hint ?? hint };
      throw residentError("START", `cannot start the engine: ${failure.reason}`, told);
    }
    await sleep(10);
  }
  throw residentError("START", "cannot start the engine: it does not answer", { hint });
}

/** The engine that listens, if one does. An error other than "nobody there" is the caller's to see. */
async function describe(client: Client): Promise<Found | undefined> {
  try {
    return await client.tug.engine();
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
