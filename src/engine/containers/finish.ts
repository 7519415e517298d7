import { rm } from "node:fs/promises";
import { TugError } from "../../base/index.ts";
import { loadExisting, removeContainer } from "../../runtime/index.ts";
import type { EngineContext } from "../context.ts";
import type { LiveContainers } from "./live.ts";
import { removeRecord } from "./remove.ts";
import type { Ending } from "./watch.ts";

/** How long a monitor may take to hand out the last output before its directory is removed, in milliseconds. */
const DRAINING = 15_000;

/**
 * A container has ended: records how, tells who waits, removes what it left in the kernel, and the container itself
 * if that was asked for.
 */
export async function finishContainer(
  context: EngineContext,
  live: LiveContainers,
  id: string,
  { record: exit, exitCode }: Ending,
): Promise<void> {
  const record = context.store.get(id);
  if (record === undefined) return;
  const finishedAt = exit === undefined ? new Date().toISOString() : timestamp(exit.finishedAt);
  const error = exit === undefined ? "the container's monitor was lost" : "";
  const entry = live.get(id);
  const removing = record.state.status === "removing";
  await cleanRuntime(context, id);
  context.store.setState(id, {
    ...record.state,
    status: removing ? "removing" : "exited",
    pid: 0,
    exitCode,
    error,
    oomKilled: (exit?.oomKills ?? 0) > 0,
    finishedAt,
  });
  const attributes = { name: record.name, image: record.request.image, exitCode: String(exitCode) };
  context.events.publish({ type: "container", action: "die", id, attributes });
  entry.lastEnd = { exitCode, error: error || undefined };
  for (const listener of entry.endListeners) listener(entry.lastEnd);
  entry.endListeners.clear();
  const drained = removeRunDirectory(context, live, id);
  if (record.request.autoRemove && !removing) {
    await drained;
    await removeRecord(context, live, record, true);
  }
}

/** The control groups and the state directory; init is dead by now, others of its groups may not be. */
async function cleanRuntime(context: EngineContext, id: string): Promise<void> {
  const root = context.layout.containerRun(id);
  const { helper, logger } = context;
  try {
    const runtime = { root, helper, logger, facts: await context.readFacts(), owner: 0 };
    await removeContainer(runtime, await loadExisting(root, "state"), false);
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return;
    logger.log("warn", "container.clean", { container: id, error: String(error) });
  }
}

async function removeRunDirectory(
  { layout }: EngineContext,
  live: LiveContainers,
  id: string,
): Promise<void> {
  const entry = live.get(id);
  if (entry.control !== undefined) {
    const late = new Promise((resolve) => setTimeout(resolve, DRAINING).unref());
    await Promise.race([entry.control.closed, late]);
    entry.control[Symbol.dispose]();
    entry.control = undefined;
  }
  await rm(layout.containerRun(id), { recursive: true, force: true });
}

/** RFC 3339 with nanoseconds. */
export function timestamp(nanoseconds: bigint): string {
  const seconds = nanoseconds / 1_000_000_000n;
  const rest = (nanoseconds % 1_000_000_000n).toString().padStart(9, "0");
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}
