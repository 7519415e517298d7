import { constants } from "node:os";
import type { PressureOf, RunEnd, Traces, Why } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";
import { renderHealth } from "./container.ts";

/** Why a container is as it is, as the endpoint tells it. */
export function renderWhy(why: Why): dockerApi.ContainerWhy {
  const { id, name, status, startedAt, restart, end, now, health, log, lastGood } = why;
  return {
    Id: id,
    Name: name,
    Status: status,
    StartedAt: startedAt,
    Restart: { Policy: restart.policy, Count: restart.count, At: restart.at },
    End: end && renderEnd(end),
    Now: now && renderTraces(now),
    Health: health && renderHealth(health),
    Log: log,
    LastGood: lastGood && {
      Id: lastGood.id,
      At: lastGood.at,
      Differences: lastGood.differences.map(({ what, change, before, now }) => ({
        What: what,
        Change: change,
        Before: before,
        Now: now,
      })),
    },
  };
}

function renderEnd(end: RunEnd): dockerApi.WhyEnd {
  return {
    Cause: end.cause,
    At: end.at,
    StartedAt: end.startedAt,
    ExitCode: end.exitCode,
    Signal: end.signal === undefined ? undefined : signalName(end.signal),
    Error: end.error === "" ? undefined : end.error,
    ...renderTraces(end),
  };
}

function renderTraces({ oom, pressure, throttled }: Traces): dockerApi.WhyTraces {
  return {
    Oom: oom && {
      Kills: oom.kills,
      Limit: oom.limit,
      Peak: oom.peak,
      Victims: oom.victims.map(({ pid, command, bytes }) => ({ Pid: pid, Command: command, Bytes: bytes })),
    },
    Pressure: pressure && renderPressure(pressure),
    Throttled: throttled && {
      Periods: throttled.periods,
      ThrottledPeriods: throttled.throttledPeriods,
      ThrottledNanoseconds: throttled.throttledTime,
    },
  };
}

function renderPressure({ scope, cpu, memory, io }: PressureOf): dockerApi.WhyPressure {
  const render = (pressure: PressureOf["cpu"]) => pressure && { Some: pressure.some, Full: pressure.full };
  return { Scope: scope, Cpu: render(cpu), Memory: render(memory), Io: render(io) };
}

/** SIGTERM for 15; a real-time signal by its number. */
function signalName(number: number): string {
  const [name] = Object.entries(constants.signals).find(([, value]) => value === number) ?? [];
  return name ?? `signal ${number}`;
}
