import { setTimeout as sleep } from "node:timers/promises";
import { type Client, connect } from "../api/docker/client/index.ts";
import { errnoOf } from "../base/index.ts";
import { findFailure, logLength } from "./engine-failure.ts";
import { residentError } from "./errors.ts";

export type ConnectOptions = {
  /** The engine's socket. */
  readonly socket: string;
  /** User id of the caller. */
  readonly uid: number;
  /** Starts an engine; resolves when its process has been started, not when it answers. */
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
 * @throws ENGINE_PROCESS_NOT_ROOT, ENGINE_PROCESS_START
 */
export async function connectEngine({ socket, uid, start, logFile }: ConnectOptions): Promise<Client> {
  const client = connect({ socket });
  if (await answers(client)) return client;
  if (uid !== 0) {
    throw residentError(
      "NOT_ROOT",
      "cannot use the engine: you are not root, and containers without root are not there yet",
      {
        hint: "try again with sudo",
      },
    );
  }
  const offset = await logLength(logFile);
  try {
    await start();
    await untilItAnswers(client, { logFile, offset });
    return client;
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}

async function untilItAnswers(client: Client, log: { logFile: string; offset: number }): Promise<void> {
  const hint = `look into ${log.logFile}`;
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    if (await answers(client)) return;
    const failure = await findFailure(log.logFile, log.offset);
    if (failure !== undefined) {
      const told = { hint: failure.hint ?? hint };
      throw residentError("START", `cannot start the engine: ${failure.reason}`, told);
    }
    await sleep(10);
  }
  throw residentError("START", "cannot start the engine: it does not answer", { hint });
}

/** Whether an engine listens and answers; an error other than "nobody there" is the caller's to see. */
async function answers(client: Client): Promise<boolean> {
  try {
    await client.system.ping();
    return true;
  } catch (error) {
    const reason = errnoOf((error as { cause?: unknown }).cause) ?? errnoOf(error);
    if (["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE", "EACCES"].includes(reason ?? "")) return false;
    throw error;
  }
}
