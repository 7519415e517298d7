import type { Container } from "../model/container-view.ts";
import type { Life } from "./life.ts";
import type { ContainerRecord } from "./record.ts";
import { removeRecord } from "./remove.ts";
import { removeInside } from "./remove-container.ts";
import { viewContainer } from "./view.ts";

/** What a pruning did: ids, and the bytes that the containers themselves had written. */
export type ContainersPruned = { readonly removed: readonly string[]; readonly freedBytes: number };

/**
 * Removes containers that do not run and will not by themselves, and what lies in them. Their volumes stay.
 *
 * @param fits which of them; all by default
 */
export async function pruneContainers(
  life: Life,
  fits: (container: Container) => boolean,
): Promise<ContainersPruned> {
  const { context, live, alone } = life;
  const { store, images, events } = context;
  const removed: string[] = [];
  let freedBytes = 0;
  for (const { id } of store.list()) {
    await alone(id).run(async () => {
      const record = store.get(id);
      if (record === undefined || !isIdle(record) || !fits(viewContainer(context, record))) return;
      const { writableBytes } = await images.sizes(id);
      await removeRecord(context, live, record, false);
      removed.push(id);
      freedBytes += writableBytes;
    });
    if (removed.at(-1) === id) await removeInside(life, id, false);
  }
  const attributes = { reclaimed: String(freedBytes) };
  events.publish({ type: "container", action: "prune", id: "", attributes });
  return { removed, freedBytes };
}

function isIdle({ state }: ContainerRecord): boolean {
  return state.status === "created" || state.status === "exited" || state.status === "dead";
}
