import type { State } from "../../specs/oci-runtime/index.ts";
import type { Existing } from "../planner/lifecycle.ts";
import { callerName } from "./caller-name.ts";
import { processesWithoutGroup } from "./descendants.ts";
import { createdAt, loadExisting, lookAtAll } from "./existing.ts";
import { isFrozen } from "./freezer.ts";
import { containerPids } from "./processes.ts";
import type { RuntimeContext } from "./runtime.ts";
import { ociState } from "./status.ts";

/** The state of the specification and what runc adds to it. */
export type ContainerReport = Omit<State, "pid" | "status"> & {
  /** As in runc, a container whose processes are frozen is paused. */
  readonly status: State["status"] | "paused";
  readonly pid: number;
  readonly rootfs: string;
  /** RFC 3339. */
  readonly created: string;
  /** Name, or number, of the user who made it. */
  readonly owner: string;
};

/** The report of one container. @throws CONTAINER_NOT_FOUND */
export async function containerReport(context: RuntimeContext, id: string): Promise<ContainerReport> {
  return report(context, await loadExisting(context.root, id));
}

/** The reports of all containers, by id. */
export async function containerReports(context: RuntimeContext): Promise<ContainerReport[]> {
  return lookAtAll(context.root, (existing) => report(context, existing));
}

/** The processes of a container by number, none where it has stopped. @throws CONTAINER_NOT_FOUND */
export async function processIds(context: RuntimeContext, id: string): Promise<number[]> {
  const { state } = await loadExisting(context.root, id);
  if (state.groups.length > 0) return containerPids(state);
  return (await processesWithoutGroup(state, context.facts.bootId)).map(({ pid }) => pid);
}

async function report({ facts }: RuntimeContext, existing: Existing): Promise<ContainerReport> {
  const { ociVersion, id, pid = 0, status, bundle, annotations } = ociState(existing, facts.bootId);
  const caller = callerName();
  const alive = status === "running" || status === "created";
  return {
    ociVersion,
    id,
    pid,
    status: alive && isFrozen(existing.state) ? "paused" : status,
    bundle,
    rootfs: existing.state.rootfs,
    created: (await createdAt(existing)).toISOString(),
    ...(annotations && { annotations }),
    owner: existing.state.owner === caller.uid ? caller.name : String(existing.state.owner),
  };
}
