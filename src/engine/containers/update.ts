import { loadExisting, planUpdate } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { UpdateRequest } from "../model/update-request.ts";
import { changedLimits, specLimits } from "../spec/limits.ts";
import { createOrigins, withOrigin } from "../spec/origins.ts";
import { noteLimits } from "../spec/resources.ts";
import { checkLimits } from "./check-request.ts";
import { publishContainer } from "./events.ts";
import type { LiveContainers } from "./live.ts";
import { parentOf } from "./parent.ts";
import type { ContainerRecord } from "./record.ts";
import { hasRestartPolicy } from "./restart-policy.ts";
import { isRunning } from "./stop.ts";

/**
 * Changes limits and restart policy of a container: on record first, so that the next start has them whatever happens
 * now, then where it runs. Limits that the kernel refuses are taken back in both places.
 *
 * @throws ENGINE_UPDATE, ENGINE_REQUEST, CGROUP_RESOURCE, RUNTIME_*, with the place that the user wrote
 */
export async function updateContainer(
  context: EngineContext,
  live: LiveContainers,
  { record, update }: { record: ContainerRecord; update: UpdateRequest },
): Promise<void> {
  const { id, request } = record;
  checkUpdate(record, update);
  const next = updated(request, update);
  checkLimits(next);
  context.store.setRequest(id, next);
  if (isRunning(record)) {
    try {
      await applyLimits(context, record, { request, next });
    } catch (error) {
      context.store.setRequest(id, request);
      throw error;
    }
  }
  // A monitor of an older tug cannot be told.
  await live
    .get(id)
    .control?.revive(hasRestartPolicy(next))
    .catch(() => undefined);
  publishContainer(context, record, "update");
}

function updated(
  request: CreateContainerRequest,
  { limits, restart, from }: UpdateRequest,
): CreateContainerRequest {
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  const resources = { ...request.resources, ...given };
  const { pidsLimit } = resources;
  return {
    ...request,
    resources: { ...resources, pidsLimit: pidsLimit === -1 ? undefined : pidsLimit },
    ...(restart && { restart }),
    from: { ...request.from, ...from },
  };
}

async function applyLimits(
  { layout, helper, logger }: EngineContext,
  { id }: ContainerRecord,
  { request, next }: { request: CreateContainerRequest; next: CreateContainerRequest },
): Promise<void> {
  const existing = await loadExisting(layout.containerRun(id), "state");
  const [before, after] = [specLimits(request.resources), specLimits(next.resources)];
  const origins = createOrigins();
  noteLimits(origins, next.from);
  try {
    await helper.execute(planUpdate(existing, changedLimits(before, after), before));
  } catch (error) {
    // What had been written before the refusal; what cannot be taken back either is told by the first failure.
    await helper
      .execute(planUpdate(existing, changedLimits(after, before), after))
      .catch((second: unknown) => {
        logger.log("warn", "container.update.undo", { container: id, error: String(second) });
      });
    throw withOrigin(error, origins);
  }
}

/** What contradicts what the container has. The rules are Docker's. */
function checkUpdate({ name, state, request }: ContainerRecord, { limits, restart }: UpdateRequest): void {
  const refuse = (reason: string, hint?: string): Error =>
    engineError("UPDATE", `cannot update container ${name}: ${reason}`, hint === undefined ? {} : { hint });
  if (["removing", "dead", "creating"].includes(state.status)) throw refuse(`it is ${state.status}`);
  const { resources, autoRemove } = request;
  const hasQuota = (resources.cpuPeriod ?? 0) > 0 || (resources.cpuQuota ?? 0) > 0;
  const setsQuota = limits.cpuPeriod !== undefined || limits.cpuQuota !== undefined;
  if (limits.nanoCpus !== undefined && hasQuota) {
    throw refuse("a number of CPUs and a CPU quota exclude each other", "use --cpu-quota and --cpu-period");
  }
  if (setsQuota && (resources.nanoCpus ?? 0) > 0) {
    throw refuse("a CPU quota and a number of CPUs exclude each other", "use --cpus");
  }
  const swap = limits.memorySwap ?? resources.memorySwap ?? -1;
  if (limits.memory !== undefined && swap > 0 && limits.memory > swap) {
    const reason = `${limits.memory} bytes of memory are more than ${swap} of memory and swap together`;
    throw refuse(reason, "use --memory-swap too");
  }
  if (restart !== undefined && restart.policy !== "no" && autoRemove) {
    throw refuse("a container that is removed when it ends is not restarted");
  }
  if (restart !== undefined && restart.policy !== "no" && parentOf({ request }) !== undefined) {
    throw refuse("it ends with the one that it lies in, and is not started again by itself");
  }
}
