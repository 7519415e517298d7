import type { Container, ContainerStats, StatsSample } from "../../../engine/index.ts";

const MIB = 1024 * 1024;

/** What every running fake container uses: half of one of two processors, 10 of 100 MiB. */
export function fakeStats({ id, name, state }: Container): ContainerStats {
  if (state.status !== "running") return { id, name };
  return { id, name, before: sample(0), now: sample(1) };
}

function sample(seconds: number): StatsSample {
  const nanoseconds = seconds * 1e9;
  return {
    readAt: `2026-01-02T03:04:0${seconds}.000Z`,
    cpu: {
      total: nanoseconds / 2,
      user: nanoseconds / 4,
      kernel: nanoseconds / 4,
      periods: 0,
      throttledPeriods: 0,
      throttledTime: 0,
    },
    system: { cpuTime: nanoseconds * 2, onlineCpus: 2 },
    memory: { usage: 12 * MIB, limit: 100 * MIB, failures: 0, details: { inactive_file: 2 * MIB } },
    io: {
      bytes: [
        { major: 8, minor: 0, op: "read", value: 4096 },
        { major: 8, minor: 16, op: "write", value: 1_500_000 },
      ],
      operations: [],
    },
    pids: { current: 3 },
    networks: {
      eth0: {
        rxBytes: 1000,
        rxPackets: 1,
        rxErrors: 0,
        rxDropped: 0,
        txBytes: 20,
        txPackets: 1,
        txErrors: 0,
        txDropped: 0,
      },
    },
  };
}
