import { rm } from "node:fs/promises";
import type { EngineContext } from "../context.ts";
import { openVolumes } from "../volumes.ts";
import { publishContainerOnce } from "./events.ts";
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
  // What was never made for anybody goes without a word, also when this engine dies meanwhile.
  const wasMade = state.status !== "creating";
  const removing = state.removing ?? { since: new Date().toISOString(), volumes };
  if (wasMade) context.store.setState(id, { ...state, status: "removing", removing });
  await context.images.release(id);
  await rm(context.layout.container(id), { recursive: true, force: true });
  await removeRunFiles(context.layout.containerRun(id));
  if (removing.volumes) {
    const store = openVolumes(context.layout.volumes);
    for (const volume of record.anonymousVolumes) await store.remove(volume);
  }
  if (wasMade) publishContainerOnce(context, record, { action: "destroy", since: removing.since });
  context.store.remove(id);
  const entry = live.get(id);
  for (const listener of entry.removalListeners) listener();
  live.forget(id);
}
