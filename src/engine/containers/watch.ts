import { type ExitRecord, type MonitorEvent, readExitRecord } from "../../helper/index.ts";
import type { EngineContext } from "../context.ts";
import { publishContainer } from "./events.ts";
import type { LiveContainer } from "./live.ts";

/** The end of a container as its monitor saw it; undefined when the monitor was lost. */
export type Ending = { readonly record: ExitRecord | undefined };

/**
 * Watches a running container through its monitor and calls `ended` once, after the exit was recorded. A monitor that
 * hangs up without a record was lost.
 */
export async function watchContainer(
  context: EngineContext,
  entry: LiveContainer,
  id: string,
  ended: (ending: Ending) => Promise<void>,
): Promise<void> {
  const { layout, logger } = context;
  const control = entry.control;
  if (control === undefined) return;
  let told = false;
  const end = (record: ExitRecord | undefined): void => {
    if (told) return;
    told = true;
    ended({ record }).catch((error: unknown) => {
      logger.log("error", "container.finish", { container: id, error: String(error) });
    });
  };
  void control.closed.then(async () => {
    if (!told) end(await readExitRecord(layout.containerRun(id)));
  });
  await control
    .watch((event: MonitorEvent) => {
      if (event.type === "exit") end(event.record);
      const record = event.type === "oom" ? context.store.get(id) : undefined;
      if (record !== undefined) publishContainer(context, record, "oom");
    })
    // It hung up already: `closed` tells.
    .catch(() => undefined);
}
