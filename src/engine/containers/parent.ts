import { dockerApi } from "../../specs/index.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import { containerGroup } from "../spec/build-spec.ts";
import type { ContainerRecord } from "./record.ts";
import { isRunning } from "./stop.ts";
import type { ContainerStore } from "./store.ts";

/**
 * A request with its place in another container, if it asks for one.
 *
 * @throws ENGINE_CONTAINER_NOT_FOUND, ENGINE_REQUEST for what a container inside another one cannot have
 */
export function withParent(
  store: Pick<ContainerStore, "find">,
  request: CreateContainerRequest,
): CreateContainerRequest {
  const reference = request.labels[dockerApi.PARENT_LABEL];
  if (reference === undefined) return request;
  const parent = store.find(reference);
  if (request.resources.cgroupParent !== undefined) {
    throw refuse(
      request.from["resources.cgroupParent"],
      "the container lies in another one, which is its control group",
    );
  }
  if (request.restart.policy !== "no") {
    throw refuse(
      "/HostConfig/RestartPolicy",
      "a container ends with the one that it lies in, and is not started again by itself",
    );
  }
  return {
    ...request,
    labels: { ...request.labels, [dockerApi.PARENT_LABEL]: parent.id },
    resources: { ...request.resources, cgroupParent: groupOf(parent) },
  };
}

/** Labels of an image place nobody, neither in another container nor in the scope of a socket. */
export function withoutPlaces(labels: Readonly<Record<string, string>>): Record<string, string> {
  const { [dockerApi.PARENT_LABEL]: _, [dockerApi.SCOPE_LABEL]: _scope, ...others } = labels;
  return others;
}

/** The id of the container that another one lies in. */
export function parentOf({ request }: Pick<ContainerRecord, "request">): string | undefined {
  return request.labels[dockerApi.PARENT_LABEL];
}

/** The containers that lie in one, not those in them. */
export function childrenOf(store: Pick<ContainerStore, "listInside">, id: string): ContainerRecord[] {
  return store.listInside().filter((record) => parentOf(record) === id);
}

/**
 * Refuses a start without the container that this one lies in: its control group is there as long as it runs.
 *
 * @throws ENGINE_CONTAINER_NOT_RUNNING, ENGINE_CONTAINER_PAUSED
 */
export function requireParent(store: Pick<ContainerStore, "get">, record: ContainerRecord): void {
  const id = parentOf(record);
  if (id === undefined) return;
  const parent = store.get(id);
  const what = `cannot start container ${record.name}: it lies in container ${parent?.name ?? id}`;
  if (parent === undefined || !isRunning(parent)) {
    throw engineError("CONTAINER_NOT_RUNNING", `${what}, which does not run`, {
      ...(parent !== undefined && { hint: `start that one first: tug start ${parent.name}` }),
    });
  }
  if (parent.state.status === "paused") {
    throw engineError("CONTAINER_PAUSED", `${what}, which is paused`, {
      hint: `let it go on with: tug unpause ${parent.name}`,
    });
  }
}

function groupOf({ id, request }: ContainerRecord): string {
  return containerGroup(id, request.resources);
}

function refuse(pointer: string | undefined, reason: string): Error {
  return engineError("REQUEST", `invalid ${pointer ?? "request"}: ${reason}`, {
    hint: "leave it out",
    ...(pointer !== undefined && { details: { pointer } }),
  });
}
