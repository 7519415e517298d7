import { LOG_FILE } from "../containers/prepare-run.ts";
import type { ContainerRecord, RecordedState } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import { viewContainer } from "../containers/view.ts";
import type { EngineContext } from "../context.ts";
import { readLog } from "../logs/read-log.ts";
import type { RunEnd, Why } from "../model/why-view.ts";
import { compareConfigurations, describeConfiguration } from "./configuration.ts";
import { readTraces } from "./traces.ts";

/** So many lines of the log, and so many bytes of each, are told. */
const LINES = 10;
const LINE_BYTES = 1000;

/** Why a container is as it is: everything that is on record or can be seen now. */
export async function explainState(context: EngineContext, record: ContainerRecord): Promise<Why> {
  const { id, name, request, state } = record;
  const { status, health } = viewContainer(context, record).state;
  return {
    id,
    name,
    status,
    startedAt: state.startedAt,
    restart: { policy: request.restart.policy, count: state.restartCount, at: state.restartAt },
    end: state.end ?? plainEnd(state),
    now: isRunning(record) ? await readTraces(context, record) : undefined,
    health,
    log:
      request.logging.driver === "none" ? [] : await lastLines(`${context.layout.container(id)}/${LOG_FILE}`),
    lastGood: lastGood(context, record),
  };
}

/** The end of a run that an engine recorded which kept less. */
function plainEnd({ finishedAt, startedAt, exitCode, error, byHand }: RecordedState): RunEnd | undefined {
  if (finishedAt === undefined) return undefined;
  const cause = byHand ? "stopped" : exitCode === 0 ? "finished" : "exited";
  return { cause, at: finishedAt, startedAt, exitCode, error };
}

function lastGood({ goodRuns }: EngineContext, record: ContainerRecord): Why["lastGood"] {
  const run = goodRuns.get(record.name);
  if (run === undefined) return undefined;
  const now = describeConfiguration(record, run.configuration.salt);
  return { id: run.container, at: run.at, differences: compareConfigurations(run.configuration, now) };
}

async function lastLines(path: string): Promise<string[]> {
  const selection = { stdout: true, stderr: true, timestamps: false, framing: "raw", tail: LINES } as const;
  let text = Buffer.alloc(0);
  for await (const bytes of readLog(path, selection)) {
    // What is at the end matters; a program may write lines of any length.
    text = Buffer.concat([text, bytes]).subarray(-LINES * LINE_BYTES);
  }
  const lines = text
    .toString()
    .replace(/\r?\n$/, "")
    .split(/\r?\n/);
  return lines.filter((line, index) => line !== "" || index > 0).map((line) => line.slice(0, LINE_BYTES));
}
