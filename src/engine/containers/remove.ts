import { removeTree } from "../../base/index.ts";
import type { EngineContext } from "../context.ts";
import { publishContainerOnce } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import { type ContainerRecord, lifetimeOf } from "./record.ts";

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
  await live.get(id).settled;
  const state = context.store.get(id)?.state ?? record.state;
  // What was never made for anybody goes without a word, also when this engine dies meanwhile.
  const wasMade = state.status !== "creating";
  const removing = state.removing ?? { since: new Date().toISOString(), volumes };
  if (wasMade && state.removing === undefined) {
    context.store.setState(id, { ...state, status: "removing", removing }, true);
    await context.store.settle(id);
  }
  await context.images.release(id, lifetimeOf(record));
  await removeTree(context.layout.container(id));
  await removeTree(context.layout.containerRun(id));
  if (removing.volumes) {
    for (const volume of record.anonymousVolumes) await context.volumes.remove(volume);
  }
  if (wasMade) publishContainerOnce(context, record, { action: "destroy", since: removing.since });
  context.store.remove(id);
  const entry = live.get(id);
  for (const listener of entry.removalListeners) listener();
  live.forget(id);
}
