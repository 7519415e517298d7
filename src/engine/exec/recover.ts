import { TugError } from "../../base/index.ts";
import { connectMonitor, exitCodeOf, readExitRecord } from "../../helper/index.ts";
import { endsWithin, isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { type ExecRecord, execDirectory, readExecRecords } from "./record.ts";
import { endExec, watchExec } from "./watch.ts";

/** How long monitors may take to answer before others are served, in milliseconds: one may hang. */
const PATIENCE = 2000;

/**
 * Takes up the sessions that a predecessor left in containers which were running when it was last heard of: those that run
 * are watched again, those that have ended can be looked at. The directories of the others go with their containers.
 * Those whose monitors do not answer count as running until they do.
 */
export async function recoverExecs(context: EngineContext): Promise<void> {
  const recoveries: Promise<void>[] = [];
  for (const container of context.store.list()) {
    if (!isRunning(container)) continue;
    const run = context.layout.containerRun(container.id);
    for (const record of await readExecRecords(run, context.logger)) {
      const recovery = recover(context, record).catch((error: unknown) => {
        context.logger.log("error", "exec.recover", { exec: record.id, error: String(error) });
      });
      recoveries.push(recovery);
    }
  }
  await endsWithin(Promise.all(recoveries), PATIENCE);
}

async function recover(context: EngineContext, record: ExecRecord): Promise<void> {
  const directory = execDirectory(context.layout.containerRun(record.containerId), record.id);
  const session = context.execs.add(record, directory);
  session.status = "running";
  try {
    const control = await connectMonitor(directory);
    const { init } = await control.status();
    session.process = init;
    if (init !== undefined) context.witness.watch(init);
    await watchExec(context, session, { control, starting: false });
    if (record.purpose === "health") await control.signal(9, { group: true }).catch(() => undefined);
  } catch (error) {
    if (!(error instanceof TugError && error.code === "HELPER_MONITOR_LOST")) throw error;
    const exit = await readExitRecord(directory);
    endExec(context, session, (exit && exitCodeOf(exit)) ?? 255);
  }
}
