import type { ChangeableLimits, ResourcesRequest } from "../../../engine/index.ts";
import { beyond, type Policy } from "./policy.ts";

/** Limits of a container that is to be made, within the quota: what is not asked for is the quota itself. @throws DOCKER_SCOPE */
export function limited(policy: Policy, wanted: ResourcesRequest): ResourcesRequest {
  const { Memory, NanoCpus, Pids } = policy.quota;
  checkLimits(policy, wanted);
  const hasCpus = wanted.nanoCpus !== undefined && wanted.nanoCpus > 0;
  return {
    ...wanted,
    ...(Memory === undefined || positive(wanted.memory) ? {} : { memory: Memory }),
    ...(NanoCpus === undefined || hasCpus ? {} : { nanoCpus: NanoCpus }),
    ...(Pids === undefined || positive(wanted.pidsLimit) ? {} : { pidsLimit: Pids }),
  };
}

/** Refuses limits above the quota, and none in the place of one. What is left out stays as it is. @throws DOCKER_SCOPE */
export function checkLimits(policy: Policy, wanted: ChangeableLimits): void {
  const { Memory, NanoCpus, Pids } = policy.quota;
  const check = (what: string, value: number | undefined, most: number | undefined) => {
    if (value === undefined || value === 0 || most === undefined) return;
    if (value < 0 || value > most) throw beyond(policy, `${what} is above the quota of ${most}`);
  };
  check("memory", wanted.memory, Memory);
  check("the reserved memory", wanted.memoryReservation, Memory);
  // As much swap as memory is what a container has that does not say.
  check("memory and swap", wanted.memorySwap, Memory === undefined ? undefined : 2 * Memory);
  check("the number of billionths of processors", wanted.nanoCpus, NanoCpus);
  check("the number of processes", wanted.pidsLimit, Pids);
  if (NanoCpus !== undefined && (wanted.cpuQuota || wanted.cpuPeriod))
    throw beyond(policy, "with a quota of processors they are given as a number (--cpus)");
  if (wanted.cpuRealtimePeriod || wanted.cpuRealtimeRuntime)
    throw beyond(policy, "time of the real-time scheduler is not given away");
}

/** The same of a container that there is, which loses no limit. @throws DOCKER_SCOPE */
export function checkUpdate(policy: Policy, wanted: ChangeableLimits): void {
  const { Memory, NanoCpus, Pids } = policy.quota;
  const zero = [
    Memory !== undefined && wanted.memory === 0,
    NanoCpus !== undefined && wanted.nanoCpus === 0,
    Pids !== undefined && wanted.pidsLimit === 0,
  ];
  if (zero.includes(true)) throw beyond(policy, "a limit would be gone that the quota wants");
  checkLimits(policy, wanted);
}

function positive(value: number | undefined): boolean {
  return value !== undefined && value > 0;
}
