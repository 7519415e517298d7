import type { ChangeableLimits, UpdateRequest } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { translateRestart } from "./lifecycle.ts";
import { createOriginCollector, refuseUnsupported } from "./origins.ts";
import { translateResources } from "./resources.ts";

/** Limits that a running container cannot be given, which Docker leaves out without a word. */
const fixed = [
  "BlkioDeviceReadBps",
  "BlkioDeviceReadIOps",
  "BlkioDeviceWriteBps",
  "BlkioDeviceWriteIOps",
  "BlkioWeightDevice",
  "CgroupParent",
  "DeviceCgroupRules",
  "DeviceRequests",
  "Devices",
  "MemorySwappiness",
  "OomKillDisable",
  "Ulimits",
] as const;

/**
 * The engine's request for an update body. Pointers are those of a create body, whose HostConfig this is a part of.
 *
 * @throws DOCKER_CREATE_VALUE, DOCKER_CREATE_UNSUPPORTED
 */
export function translateUpdate(body: dockerApi.UpdateBody): UpdateRequest {
  for (const key of fixed) {
    const value = body[key];
    const given = typeof value === "object" ? value.length > 0 : Boolean(value) && value !== -1;
    if (given)
      throw refuseUnsupported(["HostConfig", key], "it cannot be changed after the container was made");
  }
  const origins = createOriginCollector();
  const { memory, memoryReservation, memorySwap, nanoCpus, cpuPeriod, cpuQuota, ...rest } =
    translateResources(body, origins);
  const { cpuShares, cpuRealtimePeriod, cpuRealtimeRuntime, cpusetCpus, cpusetMems, blkioWeight } = rest;
  const limits: ChangeableLimits = {
    memory,
    memoryReservation,
    memorySwap,
    nanoCpus,
    cpuPeriod,
    cpuQuota,
    cpuShares,
    cpuRealtimePeriod,
    cpuRealtimeRuntime,
    cpusetCpus,
    cpusetMems,
    blkioWeight,
    pidsLimit: body.PidsLimit === undefined ? undefined : (rest.pidsLimit ?? -1),
  };
  return {
    limits,
    restart: body.RestartPolicy?.Name ? translateRestart({ RestartPolicy: body.RestartPolicy }) : undefined,
    from: origins.all,
  };
}
