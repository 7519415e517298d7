import type { Origins, ResourcesRequest, RestartRequest } from "./create-request.ts";

/** Limits that can be changed while a container runs. */
export type ChangeableLimits = Partial<
  Pick<
    ResourcesRequest,
    | "memory"
    | "memoryReservation"
    | "memorySwap"
    | "nanoCpus"
    | "cpuPeriod"
    | "cpuQuota"
    | "cpuShares"
    | "cpuRealtimePeriod"
    | "cpuRealtimeRuntime"
    | "cpusetCpus"
    | "cpusetMems"
    | "blkioWeight"
  >
> & {
  /** -1: no limit. */
  readonly pidsLimit?: number | undefined;
};

/** What is to change in a container; what is left out stays as it is. */
export type UpdateRequest = {
  readonly limits: ChangeableLimits;
  readonly restart?: RestartRequest | undefined;
  /** As in a create request. */
  readonly from: Origins;
};
