import { existsSync } from "node:fs";
import { constants } from "node:os";
import { TugError } from "../../base/index.ts";
import type { Plan } from "../../plan/index.ts";
import { lifecycleError } from "../errors.ts";
import {
  type Existing,
  planDelete,
  planKill,
  planKillAll,
  planPoststop,
  planStart,
  plansToSignal,
} from "../planner/lifecycle.ts";
import { stateFiles } from "../planner/state.ts";
import { processesWithoutGroup } from "./descendants.ts";
import { loadExisting } from "./existing.ts";
import { loadRemains } from "./remains.ts";
import type { RuntimeContext } from "./runtime.ts";
import { stopScope } from "./scope.ts";
import { isAlive, statusOf } from "./status.ts";

/**
 * Starts a created container. Rejects with the reason when its program cannot be executed.
 *
 * @param notifySocket of a service manager: also waits until the container is ready, if it was created with such a one
 */
export async function startContainer(
  context: RuntimeContext,
  id: string,
  notifySocket?: string,
): Promise<void> {
  const existing = await loadExisting(context.root, id);
  const status = statusOf(existing, context.facts.bootId);
  if (status === "stopped") throw lifecycleError("NOT_CREATED", "cannot start a container that has stopped");
  if (status !== "created") throw lifecycleError("NOT_CREATED", "cannot start an already running container");
  try {
    const notified = notifySocket !== undefined && existsSync(`${existing.stateDir}/${stateFiles.notify}`);
    const plan = planStart(existing, notified ? notifySocket : undefined);
    await context.helper.execute(plan, { stdio: ["ignore", "inherit", "inherit"], isLast: true });
  } catch (error) {
    if (isPoststart(error)) await endContainer(context, existing);
    throw error;
  }
}

/**
 * A container whose poststart hook has failed must not go on.
 * Source: https://github.com/opencontainers/runtime-spec/blob/v1.3.0/runtime.md#lifecycle
 */
async function endContainer(context: RuntimeContext, existing: Existing): Promise<void> {
  for (const plan of await plansToKillAll(context, existing, constants.signals.SIGKILL))
    await context.helper.execute(plan);
  await context.helper.execute(planKill(existing, constants.signals.SIGKILL)).catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}

function isPoststart(error: unknown): boolean {
  return error instanceof TugError && String(error.details.from).startsWith("/hooks/poststart/");
}

/**
 * Sends a signal to a container's init, or with `all` to every process of its group.
 *
 * @throws CONTAINER_NOT_RUNNING "container not running", which callers look for
 */
export async function killContainer(
  context: RuntimeContext,
  id: string,
  { signal, all = false }: { signal: number; all?: boolean },
): Promise<void> {
  const existing = await loadExisting(context.root, id);
  // What a stopped container left in its group can still be killed.
  if (!all && !isAlive(existing, context.facts.bootId))
    throw lifecycleError("NOT_RUNNING", "container not running");
  try {
    const plans = all ? await plansToKillAll(context, existing, signal) : [planKill(existing, signal)];
    for (const plan of plans) await context.helper.execute(plan, { isLast: plans.length === 1 });
  } catch (error) {
    if (!isGone(error)) throw error;
    throw lifecycleError("NOT_RUNNING", "container not running", { cause: error });
  }
}

async function plansToKillAll(
  { facts }: RuntimeContext,
  existing: Existing,
  signal: number,
): Promise<Plan[]> {
  if (existing.state.groups.length > 0) return [planKillAll(existing, signal)];
  return plansToSignal(await processesWithoutGroup(existing.state, facts.bootId), signal);
}

/** Removes a stopped container, or with `force` any container, and runs its poststop hooks. */
export async function deleteContainer(context: RuntimeContext, id: string, force: boolean): Promise<void> {
  const existing = await (force ? loadRemains(context, id) : loadExisting(context.root, id));
  if (existing === undefined) return;
  const alive = isAlive(existing, context.facts.bootId);
  if (alive && !force) {
    const status = statusOf(existing, context.facts.bootId);
    // runc kills a container that was never started.
    if (status !== "created") {
      throw lifecycleError("NOT_STOPPED", `cannot delete container ${id} that is not stopped: ${status}`, {
        hint: "stop it first, or use --force",
      });
    }
  }
  await removeContainer(context, existing, alive);
}

/** Undoes everything that a container's journal names. */
export async function removeContainer(
  context: RuntimeContext,
  existing: Existing,
  kill: boolean,
): Promise<void> {
  const known = kill ? await processesWithoutGroup(existing.state, context.facts.bootId) : [];
  const others = known.filter(({ pid }) => pid !== existing.state.pid);
  for (const plan of plansToSignal(others, constants.signals.SIGKILL)) await context.helper.execute(plan);
  await context.helper.execute(planDelete(existing, { kill })).catch((error: unknown) => {
    if (!isGone(error)) throw error;
    return context.helper.execute(planDelete(existing, { kill: false }));
  });
  if (existing.state.unit !== undefined) await stopScope(context, existing.state.unit);
  for (const hook of planPoststop(existing)) {
    await context.helper
      .execute(hook, { stdio: ["ignore", "inherit", "inherit"] })
      .catch((error: unknown) => {
        context.logger.log("warn", "hook.poststop", { id: existing.state.id, error: String(error) });
      });
  }
}

/** The process ended between the look and the act. */
function isGone(error: unknown): boolean {
  return error instanceof TugError && error.details.errno === "ESRCH";
}
