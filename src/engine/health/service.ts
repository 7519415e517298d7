import { messageOf } from "../../base/index.ts";
import { publishContainer } from "../containers/events.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import type { UnhealthyAction } from "../model/create-request.ts";
import { type HealthCheck, healthCheckOf } from "./check.ts";
import { probeContainer } from "./probe.ts";
import { afterProbe, type Health, nextProbeAt, startingHealth } from "./state.ts";

/** What is done with a container that is not healthy any more. */
export type ActOnUnhealthy = (id: string, action: Exclude<UnhealthyAction, "none">) => Promise<void>;

/** Probes the containers of an engine that ask for it, as long as they run and are not paused. */
export interface HealthChecks extends Disposable {
  /** Takes up the containers that run already, each with the time that it had before its next probe. */
  recover(): void;
}

/** After a restart of the engine, probes that are due begin one after the other, so many milliseconds apart. */
const APART = 100;

/** So much later a probe is tried again that must not be now, in milliseconds. */
const LATER = 1000;

export function openHealthChecks(context: EngineContext, act: ActOnUnhealthy): HealthChecks {
  const { store, events, health: table, logger } = context;
  const timers = new Map<string, NodeJS.Timeout>();

  const cancel = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  const schedule = (id: string, { run, at }: { run: string; at: number }): void => {
    cancel(id);
    const probe = (): void => {
      void carryOut(id, run).catch((error: unknown) => {
        logger.log("error", "health.failed", { container: id, error: messageOf(error) });
      });
    };
    timers.set(id, setTimeout(probe, Math.max(0, at - Date.now())));
  };
  const begin = (id: string, notBefore = 0): void => {
    const [record, check] = checked(context, id);
    if (record === undefined || check === undefined) return;
    const run = record.state.startedAt ?? record.createdAt;
    const known = table.get(id);
    const current = known?.run === run ? known : startingHealth(run, known);
    table.set(id, current);
    schedule(id, { run, at: Math.max(notBefore, nextProbeAt(current, check)) });
  };
  const carryOut = async (id: string, run: string): Promise<void> => {
    const [record, check] = checked(context, id);
    const timer = timers.get(id);
    if (record === undefined || check === undefined || table.get(id)?.run !== run) return;
    // A probe would be a process more in a container whose processes are being written down.
    if (record.state.dumping !== undefined) return schedule(id, { run, at: Date.now() + LATER });
    const result = await probeContainer(context, record, check);
    // It may have been stopped, paused or restarted meanwhile: then the result is nobody's.
    const before = table.get(id);
    if (timers.get(id) !== timer || before?.run !== run) return;
    const after = afterProbe(before, result, check);
    table.set(id, after);
    const goOn = (): void => schedule(id, { run, at: nextProbeAt(after, check) });
    const hasChanged = after.status !== before.status;
    const isToEnd = hasChanged && after.status === "unhealthy" && check.onUnhealthy !== "none";
    // A probe of what is just being ended would tell of that end and not of the container's health.
    if (!isToEnd) goOn();
    try {
      if (hasChanged) await onChange(record, after, check.onUnhealthy);
    } catch (error) {
      if (isToEnd) goOn();
      throw error;
    }
  };
  const onChange = async (record: ContainerRecord, { status }: Health, action: UnhealthyAction) => {
    publishContainer(context, record, `health_status: ${status}`);
    if (status !== "unhealthy" || action === "none") return;
    await act(record.id, action);
  };
  const stopListening = events.listen(({ type, action, id }) => {
    if (type !== "container") return;
    if (action === "start" || action === "unpause") begin(id);
    if (action === "die" || action === "pause") cancel(id);
    if (action === "destroy") table.remove(id);
  });
  return {
    recover() {
      let at = Date.now();
      for (const { id } of store.list()) {
        begin(id, at);
        if (timers.has(id)) at += APART;
      }
    },
    [Symbol.dispose]() {
      stopListening();
      for (const id of [...timers.keys()]) cancel(id);
    },
  };
}

/** A container that runs, and its check. */
function checked(
  { store }: EngineContext,
  id: string,
): readonly [ContainerRecord | undefined, HealthCheck | undefined] {
  const record = store.get(id);
  if (record?.state.status !== "running") return [undefined, undefined];
  return [record, healthCheckOf(record.request.healthcheck, record.image.defaults)];
}
