import { type ExitRecord, exitCodeOf, type MonitorEvent, readExitRecord } from "../../helper/index.ts";
import type { EngineContext } from "../context.ts";
import type { LiveContainer } from "./live.ts";

/** The end of a container as its monitor saw it; undefined when the monitor was lost. */
export type Ending = { readonly record: ExitRecord | undefined; readonly exitCode: number };

/** What a lost monitor's container gets as exit code. */
const LOST = 255;

/**
 * Watches a running container through its monitor and calls `ended` once, after the exit was recorded. A monitor that
 * hangs up without a record was lost.
 */
export async function watchContainer(
  { layout, events, logger }: EngineContext,
  entry: LiveContainer,
  id: string,
  ended: (ending: Ending) => Promise<void>,
): Promise<void> {
  const control = entry.control;
  if (control === undefined) return;
  let told = false;
  const end = (record: ExitRecord | undefined): void => {
    if (told) return;
    told = true;
    const exitCode = record === undefined ? LOST : (exitCodeOf(record) ?? LOST);
    ended({ record, exitCode }).catch((error: unknown) => {
      logger.log("error", "container.finish", { container: id, error: String(error) });
    });
  };
  void control.closed.then(async () => end(await readExitRecord(layout.containerRun(id))));
  await control
    .watch((event: MonitorEvent) => {
      if (event.type === "exit") end(event.record);
      if (event.type === "oom") events.publish({ type: "container", action: "oom", id, attributes: {} });
    })
    // It hung up already: `closed` tells.
    .catch(() => undefined);
}
