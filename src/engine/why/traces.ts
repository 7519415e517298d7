import { TugError } from "../../base/index.ts";
import { loadExisting, readOomKills, type StoredState } from "../../runtime/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import type { OomKills, Throttling, Traces } from "../model/why-view.ts";
import { groupFiles, numberIn } from "../stats/group-files.ts";
import { readCpu } from "../stats/read-cpu.ts";
import { readOomVictims } from "./oom-victims.ts";
import { readPressure } from "./pressure.ts";

type Groups = Pick<StoredState, "groups">;

/**
 * What the kernel knows of a run that goes on, or has just ended and still has its control groups.
 *
 * @param kills by the OOM killer, where somebody has counted them already
 */
export async function readTraces(
  context: EngineContext,
  record: ContainerRecord,
  kills?: number,
): Promise<Traces> {
  const groups = await groupsOf(context, record.id);
  if (groups === undefined) return {};
  const counted = kills ?? Number(await readOomKills(groups));
  const [oom, pressure, throttled] = await Promise.all([
    counted === 0 ? undefined : readOom(groups, record, counted),
    readPressure(groups),
    readThrottling(groups),
  ]);
  return { oom, pressure, throttled };
}

async function groupsOf({ layout }: EngineContext, id: string): Promise<Groups | undefined> {
  try {
    return (await loadExisting(layout.containerRun(id), "state")).state;
  } catch (error) {
    if (error instanceof TugError && error.kind === "notFound") return undefined;
    throw error;
  }
}

async function readOom(groups: Groups, { id, request }: ContainerRecord, kills: number): Promise<OomKills> {
  const memory = groupFiles(groups, "memory");
  const peak = memory.version === 1 ? "memory.max_usage_in_bytes" : "memory.peak";
  return {
    kills,
    limit: request.resources.memory || undefined,
    peak: numberIn(await memory.read(peak)),
    victims: await readOomVictims(id, kills),
  };
}

async function readThrottling(groups: Groups): Promise<Throttling | undefined> {
  const cpu = groupFiles(groups, "cpu");
  const { periods, throttledPeriods, throttledTime } = await readCpu(cpu, cpu);
  return throttledPeriods === 0 ? undefined : { periods, throttledPeriods, throttledTime };
}
