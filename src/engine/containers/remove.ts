import { rm } from "node:fs/promises";
import type { EngineContext } from "../context.ts";
import { openVolumes } from "../volumes.ts";
import { publishContainer } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import type { ContainerRecord } from "./record.ts";
import { removeRunFiles } from "./run-directory.ts";

/**
 * Removes a container that does not run: its snapshot, its files, with `volumes` its anonymous volumes, and its row
 * last, so that a crash in between is finished by the next engine.
 */
export async function removeRecord(
  context: EngineContext,
  live: LiveContainers,
  record: ContainerRecord,
  volumes: boolean,
): Promise<void> {
  const { id } = record;
  const state = context.store.get(id)?.state ?? record.state;
  context.store.setState(id, { ...state, status: "removing" });
  await context.images.release(id);
  await rm(context.layout.container(id), { recursive: true, force: true });
  await removeRunFiles(context.layout.containerRun(id));
  if (volumes) {
    const store = openVolumes(context.layout.volumes);
    for (const volume of record.anonymousVolumes) await store.remove(volume);
  }
  context.store.remove(id);
  publishContainer(context, record, "destroy");
  const entry = live.get(id);
  for (const listener of entry.removalListeners) listener();
  live.forget(id);
}
