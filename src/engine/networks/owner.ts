import type { ContainerRecord } from "../containers/record.ts";
import type { ContainerStore } from "../containers/store.ts";

/**
 * The container whose network another one has: itself, unless it shares that of another. Where that one is not there, or
 * two share each other's, it is the last that could be found.
 */
export function networkOwner(store: Pick<ContainerStore, "find">, record: ContainerRecord): ContainerRecord {
  const passed = new Set<string>();
  let owner = record;
  for (;;) {
    const { mode } = owner.request.network;
    if (mode.kind !== "container" || passed.has(owner.id)) return owner;
    passed.add(owner.id);
    try {
      owner = store.find(mode.container);
    } catch {
      return owner;
    }
  }
}

/** A container's own name: where it shares another's network, and so its /etc/hosts, the name that stands there. */
export function hostNameOf(store: Pick<ContainerStore, "find">, record: ContainerRecord): string {
  const { id, request } = networkOwner(store, record);
  return record.request.hostname || request.hostname || id.slice(0, 12);
}
