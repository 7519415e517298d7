import type { Mutex } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { whatComesNext } from "./finish.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import type { Restarts } from "./restarts.ts";
import { startContainer } from "./start.ts";
import type { Ending } from "./watch.ts";

export type PolicyStart = {
  readonly restarts: Restarts;
  /** Of the container: nothing else happens to it meanwhile. */
  readonly mutex: Mutex;
  readonly finish: (ending: Ending) => Promise<void>;
};

/**
 * Starts a container whose pause is over. One that cannot be started (a source of a mount is not there yet) is tried
 * again, as if its program had failed.
 */
export async function restartByPolicy(
  context: EngineContext,
  live: LiveContainers,
  id: string,
  { restarts, mutex, finish }: PolicyStart,
): Promise<void> {
  await mutex.run(async () => {
    const record = context.store.get(id);
    if (record?.state.status !== "restarting") return;
    try {
      await startContainer(context, live, { record, byPolicy: true, finish });
    } catch (error) {
      context.logger.log("warn", "container.restart", { container: id, error: String(error) });
      scheduleAfterFailure(context, id, restarts);
    }
  });
}

function scheduleAfterFailure({ store }: EngineContext, id: string, restarts: Restarts): void {
  const record = store.get(id);
  if (record === undefined) return;
  const { exitCode, startedAt } = record.state;
  const next = whatComesNext(record, {
    exitCode,
    finishedAt: startedAt ?? record.createdAt,
    atShutdown: false,
  });
  store.setState(id, { ...record.state, ...next });
  scheduleRestart(record, { ...record.state, ...next }, restarts);
}

/** Has a container that is `restarting` started when its time comes. */
export function scheduleRestart(
  { id }: ContainerRecord,
  { status, restartAt }: ContainerRecord["state"],
  restarts: Restarts,
): void {
  if (status === "restarting") restarts.schedule(id, Date.parse(restartAt ?? "") || Date.now());
}
