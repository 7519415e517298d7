import type { CreateContainerRequest, NamespaceMode } from "../model/create-request.ts";
import type { ContainerStore } from "./store.ts";

type Store = Pick<ContainerStore, "find">;

/**
 * A request that names the containers whose namespaces it shares by their ids: somebody else may have their names when it
 * is started. Who is not there yet stays named as before.
 */
export function withShared(store: Store, request: CreateContainerRequest): CreateContainerRequest {
  const { namespaces, network } = request;
  const { mode } = network;
  const { pid, ipc } = namespaces;
  const isShared = mode.kind === "container" || [pid, ipc].some((each) => each?.mode === "container");
  if (!isShared) return request;
  const named = mode.kind === "container" ? { ...mode, container: idOf(store, mode.container) } : mode;
  return {
    ...request,
    namespaces: { ...namespaces, pid: settled(store, pid), ipc: settled(store, ipc) },
    network: { ...network, mode: named },
  };
}

function settled(store: Store, mode: NamespaceMode | undefined): NamespaceMode | undefined {
  if (mode?.mode !== "container") return mode;
  return { ...mode, container: idOf(store, mode.container) };
}

function idOf({ find }: Store, reference: string): string {
  try {
    return find(reference).id;
  } catch {
    return reference;
  }
}
