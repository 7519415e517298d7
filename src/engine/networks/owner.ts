import { hostname } from "node:os";
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

/**
 * A container's own name: where it shares the network of another or of the machine, and so the /etc/hosts, the name that
 * stands there.
 */
export function hostNameOf(store: Pick<ContainerStore, "find">, record: ContainerRecord): string {
  const { id, request } = networkOwner(store, record);
  const shared = request.network.mode.kind === "host" ? hostname() : id.slice(0, 12);
  return record.request.hostname || request.hostname || shared;
}
