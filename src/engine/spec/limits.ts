import type { LinuxResources } from "../../specs/oci-runtime/index.ts";
import type { ResourcesRequest } from "../model/create-request.ts";

/** CPU time is given out in periods of this many microseconds unless the request says otherwise. */
const DEFAULT_PERIOD = 100_000n;

/** The limits of a container but for its devices. */
export type Limits = Required<Pick<LinuxResources, "memory" | "cpu" | "blockIO">> &
  Pick<LinuxResources, "pids">;

/** What a request's limits are in the terms of the runtime specification. */
export function specLimits(wanted: ResourcesRequest): Limits {
  return {
    memory: memory(wanted),
    cpu: cpu(wanted),
    ...(wanted.pidsLimit !== undefined && { pids: { limit: BigInt(wanted.pidsLimit) } }),
    blockIO: { ...(wanted.blkioWeight !== undefined && { weight: wanted.blkioWeight }) },
  };
}

/** What stands for no limit, where something does. */
const unlimited: Readonly<Record<string, Readonly<Record<string, bigint>>>> = {
  memory: { limit: -1n, swap: -1n, reservation: -1n },
  cpu: { quota: -1n, shares: 1024n },
  pids: { limit: -1n },
};

/** What has to be set so that limits that were in force become others. */
export function changedLimits(before: Limits, after: Limits): LinuxResources {
  const parts = (["memory", "cpu", "pids", "blockIO"] as const).flatMap((part): [string, object][] => {
    const [old, wanted] = [entriesOf(before[part]), entriesOf(after[part])];
    const changed = [...wanted].filter(([key, value]) => old.get(key) !== value);
    const dropped = [...old.keys()]
      .filter((key) => !wanted.has(key) && unlimited[part]?.[key] !== undefined)
      .map((key): [string, unknown] => [key, unlimited[part]?.[key]]);
    const entries = [...changed, ...dropped];
    return entries.length === 0 ? [] : [[part, Object.fromEntries(entries)]];
  });
  return Object.fromEntries(parts) as LinuxResources;
}

function entriesOf(part: object | undefined): Map<string, unknown> {
  return new Map(Object.entries(part ?? {}));
}

function memory(wanted: ResourcesRequest): NonNullable<LinuxResources["memory"]> {
  return {
    ...big("limit", wanted.memory),
    ...big("reservation", wanted.memoryReservation),
    // As Docker: as much swap as memory unless said otherwise.
    ...big("swap", wanted.memorySwap ?? (wanted.memory === undefined ? undefined : wanted.memory * 2)),
    ...big("swappiness", wanted.memorySwappiness),
    ...(wanted.oomKillDisable && { disableOOMKiller: true }),
  };
}

function cpu(wanted: ResourcesRequest): NonNullable<LinuxResources["cpu"]> {
  const shares = big("shares", wanted.cpuShares);
  const sets = {
    ...(wanted.cpusetCpus !== undefined && { cpus: wanted.cpusetCpus }),
    ...(wanted.cpusetMems !== undefined && { mems: wanted.cpusetMems }),
  };
  if (wanted.nanoCpus !== undefined && wanted.nanoCpus > 0) {
    const quota = (BigInt(wanted.nanoCpus) * DEFAULT_PERIOD) / 1_000_000_000n;
    return { ...shares, ...sets, quota, period: DEFAULT_PERIOD };
  }
  return {
    ...shares,
    ...sets,
    ...big("quota", wanted.cpuQuota),
    ...big("period", wanted.cpuPeriod),
    ...big("realtimePeriod", wanted.cpuRealtimePeriod),
    ...big("realtimeRuntime", wanted.cpuRealtimeRuntime),
  };
}

function big<K extends string>(key: K, value: number | undefined): { [P in K]?: bigint } {
  return (value === undefined ? {} : { [key]: BigInt(value) }) as { [P in K]?: bigint };
}
