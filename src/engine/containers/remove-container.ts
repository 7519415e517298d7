import { TugError } from "../../base/index.ts";
import { engineError } from "../errors.ts";
import { type Life, letEnd, takeOver } from "./life.ts";
import { childrenOf } from "./parent.ts";
import type { ContainerRecord } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { isRunning, sendSignal } from "./stop.ts";
import { waitForContainer } from "./wait.ts";

export type RemoveOptions = {
  /** Kills it first, if it runs. */
  readonly force: boolean;
  /** Its anonymous volumes go too. */
  readonly volumes: boolean;
};

/**
 * Removes a container, and what lies in it.
 *
 * @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_CONTAINER_RUNNING without `force`
 */
export async function removeContainer(life: Life, reference: string, options: RemoveOptions): Promise<void> {
  const { context, live, alone } = life;
  const { store } = context;
  const { force, volumes } = options;
  const found = store.find(reference);
  if (!force) requireEnded(found);
  await takeOver(life, found.id);
  const record = store.find(found.id);
  if (isRunning(record)) await killAndWait(life, record);
  await alone(record.id).run(async () => {
    const current = store.get(record.id);
    if (current !== undefined) await removeRecord(context, live, current, volumes);
  });
  await removeInside(life, record.id, volumes);
}

/**
 * Removes what lies in a container that has been removed, whether it runs or not.
 *
 * @param volumes its anonymous volumes go too
 */
export async function removeInside(life: Life, id: string, volumes: boolean): Promise<void> {
  for (const child of childrenOf(life.context.store, id)) {
    await removeContainer(life, child.id, { force: true, volumes }).catch((error: unknown) => {
      // Its own end, or that of what it lies in, may have removed it meanwhile.
      if (!(error instanceof TugError && error.kind === "notFound")) throw error;
    });
  }
}

async function killAndWait(life: Life, record: ContainerRecord): Promise<void> {
  const { context, live } = life;
  const { signal } = new AbortController();
  const ended = waitForContainer(live, record, { condition: "next-exit", signal });
  await sendSignal(context, live, record, "SIGKILL");
  await letEnd(life, record.id);
  await ended;
}

function requireEnded(record: ContainerRecord): void {
  const { status } = record.state;
  if (!isRunning(record) && status !== "restarting" && status !== "starting") return;
  throw engineError(
    "CONTAINER_RUNNING",
    `cannot remove container ${record.name}: container is ${status}: stop the container before removing or force remove`,
    { hint: "stop it, or use -f" },
  );
}
