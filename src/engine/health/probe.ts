import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../base/index.ts";
import { type Attachment, attachToMonitor } from "../../helper/index.ts";
import { monitorOutput } from "../containers/attach.ts";
import { newContainerId } from "../containers/names.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { publishExec } from "../exec/events.ts";
import { execDirectory } from "../exec/record.ts";
import type { ExecSession } from "../exec/sessions.ts";
import { claimExec, startExec } from "../exec/start.ts";
import type { HealthCheck } from "./check.ts";
import { NOT_RUN, type ProbeResult } from "./state.ts";

/** The most output that is kept of a probe, in bytes. */
const MOST_OUTPUT = 4096;

/** How long a killed probe may take to end, in milliseconds. */
const PATIENCE = 1000;

/** Runs a container's check once, like `exec`. Resolves however it ends; nothing of it stays. */
export async function probeContainer(
  context: EngineContext,
  container: ContainerRecord,
  check: HealthCheck,
): Promise<ProbeResult> {
  const start = new Date().toISOString();
  const session = addSession(context, container, check);
  const output = createOutput();
  const finish = (exitCode: number, text: string): ProbeResult => ({
    start,
    end: new Date().toISOString(),
    exitCode,
    output: text,
  });
  try {
    claimExec(context, session);
    publishExec(context, session, "exec_create");
    const started = startExec(context, session, {
      container,
      consoleSize: undefined,
      attach: async (directory) =>
        output.take(await attachToMonitor(directory, { stdout: true, stderr: true, patience: 0 })),
    });
    const isInTime = await endsInTime(session, { started, timeout: check.timeout });
    if (!isInTime) return finish(NOT_RUN, `Health check exceeded timeout (${check.timeout / 1000}s)`);
    await output.ended();
    return finish(session.exitCode ?? NOT_RUN, output.text());
  } catch (error) {
    return finish(NOT_RUN, messageOf(error));
  } finally {
    await context.execs.forget(session);
  }
}

function addSession(
  { execs, layout }: EngineContext,
  { id: containerId, state }: ContainerRecord,
  { args }: HealthCheck,
): ExecSession {
  const id = newContainerId();
  const attach = { stdin: false, stdout: true, stderr: true };
  const request = { args, env: [], privileged: false, tty: false, attach };
  const init = { pid: state.pid, startTime: state.startTime };
  const directory = execDirectory(layout.containerRun(containerId), id);
  return execs.add({ version: 1, id, containerId, init, request, purpose: "health" }, directory);
}

/** Waits for the end of a probe; one that is late is killed with what it has started. */
async function endsInTime(
  session: ExecSession,
  { started, timeout }: { started: Promise<void>; timeout: number },
): Promise<boolean> {
  const late = new AbortController();
  const tooLate = sleep(timeout, false, { signal: late.signal }).catch(() => false);
  try {
    const ended = started.then(() => session.ended.promise).then(() => true);
    if (await Promise.race([ended, tooLate])) return true;
  } finally {
    late.abort();
  }
  await Promise.race([started.catch(() => undefined), sleep(PATIENCE)]);
  await session.control?.signal(9, { group: true }).catch(() => undefined);
  await Promise.race([session.ended.promise, sleep(PATIENCE)]);
  return false;
}

/** Keeps the begin of what a probe prints. */
function createOutput() {
  const chunks: Uint8Array[] = [];
  let room = MOST_OUTPUT;
  let reading: Promise<void> = Promise.resolve();
  const read = async (attachment: Attachment): Promise<void> => {
    for await (const { data } of monitorOutput(attachment)) {
      if (room > 0) chunks.push(data.subarray(0, room));
      room -= data.length;
    }
  };
  return {
    take(attachment: Attachment): void {
      reading = read(attachment);
    },
    /** A process that the probe has left behind may hold the pipe. */
    ended: (): Promise<unknown> => Promise.race([reading, sleep(PATIENCE)]),
    text: (): string => Buffer.concat(chunks).toString(),
  };
}
