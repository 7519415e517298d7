import type { dockerApi } from "../../../specs/index.ts";
import type { Columns } from "../../table/rows.ts";
import { shortId } from "../../table/shorten.ts";
import { binarySize, humanSize } from "../../table/sizes.ts";

/** A line of the table: a container, and what it uses, unless that is not known yet or any more. */
export type StatsRow = {
  /** As the command line names it. */
  readonly container: string;
  readonly id: string;
  readonly name: string;
  readonly stats: dockerApi.StatsResponse | undefined;
};

const UNKNOWN = "--";

/** @param full do not shorten ids */
export function statsColumns(full: boolean): Columns<StatsRow> {
  const known =
    (render: (stats: dockerApi.StatsResponse) => string, otherwise = UNKNOWN) =>
    ({ stats }: StatsRow) =>
      stats === undefined ? otherwise : render(stats);
  return {
    Container: { heading: "CONTAINER", value: ({ container }) => container },
    ID: { heading: "CONTAINER ID", value: ({ id }) => (full ? id : shortId(id)) || UNKNOWN },
    Name: { heading: "NAME", value: ({ name }) => name || UNKNOWN },
    CPUPerc: { heading: "CPU %", value: known((stats) => percent(cpuPercent(stats))) },
    MemUsage: {
      heading: "MEM USAGE / LIMIT",
      value: known(
        (stats) => pair(memoryUsed(stats), stats.memory_stats.limit ?? 0, binarySize),
        `${UNKNOWN} / ${UNKNOWN}`,
      ),
    },
    MemPerc: { heading: "MEM %", value: known((stats) => percent(memoryPercent(stats))) },
    NetIO: {
      heading: "NET I/O",
      value: known((stats) => pair(received(stats), sent(stats), humanSize)),
    },
    BlockIO: {
      heading: "BLOCK I/O",
      value: known((stats) => pair(blockBytes(stats, "r"), blockBytes(stats, "w"), humanSize)),
    },
    PIDs: { heading: "PIDS", value: known((stats) => String(stats.pids_stats.current ?? 0)) },
  };
}

/** Of one processor: two that are fully used are 200. Before there was a second look it is 0. */
export function cpuPercent({ cpu_stats: now, precpu_stats: before }: dockerApi.StatsResponse): number {
  if (before.system_cpu_usage === undefined) return 0;
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const all = (now.system_cpu_usage ?? 0) - before.system_cpu_usage;
  const processors = now.online_cpus || now.cpu_usage.percpu_usage?.length || 1;
  return all > 0 && used > 0 ? (used / all) * processors * 100 : 0;
}

/**
 * Without the cached files that the kernel would give up first, as Docker's client counts it.
 * Source: https://docs.docker.com/reference/cli/docker/container/stats/
 */
export function memoryUsed({ memory_stats: { usage = 0, stats = {} } }: dockerApi.StatsResponse): number {
  const inactive = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return inactive < usage ? usage - inactive : usage;
}

function memoryPercent(stats: dockerApi.StatsResponse): number {
  const { limit = 0 } = stats.memory_stats;
  return limit === 0 ? 0 : (memoryUsed(stats) / limit) * 100;
}

function received({ networks = {} }: dockerApi.StatsResponse): number {
  return sum(Object.values(networks).map(({ rx_bytes }) => rx_bytes));
}

function sent({ networks = {} }: dockerApi.StatsResponse): number {
  return sum(Object.values(networks).map(({ tx_bytes }) => tx_bytes));
}

function blockBytes({ blkio_stats }: dockerApi.StatsResponse, letter: "r" | "w"): number {
  const entries = blkio_stats.io_service_bytes_recursive ?? [];
  return sum(entries.filter(({ op }) => op.toLowerCase().startsWith(letter)).map(({ value }) => value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}

function pair(left: number, right: number, size: (bytes: number) => string): string {
  return `${size(left)} / ${size(right)}`;
}
