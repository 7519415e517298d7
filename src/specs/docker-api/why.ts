import type { ContainerStatus, Health } from "./container.ts";

/**
 * What ended a run: `finished` with 0, `exited` with another code, `signal`; `stopped` by somebody; `oom`: the OOM killer;
 * `unhealthy`: its health check; `not-started`: its program never ran; `monitor-lost`, `machine-down`: by what happened
 * around it.
 */
export type EndCause =
  | "finished"
  | "exited"
  | "signal"
  | "stopped"
  | "oom"
  | "unhealthy"
  | "not-started"
  | "monitor-lost"
  | "machine-down";

/** Per cent of the last 10, 60 and 300 seconds in which some, or all, processes waited. */
export type WhyPressure = {
  /** On control groups v1 the kernel tells it of the whole machine only. */
  readonly Scope: "container" | "machine";
} & {
  readonly [resource in "Cpu" | "Memory" | "Io"]?:
    | {
        readonly Some?: readonly [number, number, number] | undefined;
        readonly Full?: readonly [number, number, number] | undefined;
      }
    | undefined;
};

/** What the kernel knows of a run. Sizes are bytes. */
export type WhyTraces = {
  readonly Oom?:
    | {
        readonly Kills: number;
        /** The container's own; left out where a group above it, or the machine, was full. */
        readonly Limit?: number | undefined;
        /** The most that it has used. */
        readonly Peak?: number | undefined;
        /** `Pid` is the host's, `Bytes` what the process had that no file backs. */
        readonly Victims: readonly {
          readonly Pid: number;
          readonly Command: string;
          readonly Bytes: number;
        }[];
      }
    | undefined;
  readonly Pressure?: WhyPressure | undefined;
  /** Of so many periods of its limit of processors it was held back in some. */
  readonly Throttled?:
    | { readonly Periods: number; readonly ThrottledPeriods: number; readonly ThrottledNanoseconds: number }
    | undefined;
};

/** How a run ended. Times are RFC 3339. */
export type WhyEnd = {
  readonly Cause: EndCause;
  readonly At: string;
  readonly StartedAt?: string | undefined;
  readonly ExitCode: number;
  /** Such as SIGKILL: what ended the first process, where a signal did. */
  readonly Signal?: string | undefined;
  /** A sentence, where there is one. */
  readonly Error?: string | undefined;
} & WhyTraces;

/** A part of the configuration that is not what it was. Values of the environment are not told. */
export type WhyDifference = {
  readonly What: string;
  readonly Change: "added" | "removed" | "changed";
  readonly Before?: string | undefined;
  readonly Now?: string | undefined;
};

/** Answer to GET /tug/containers/{id}/why. */
export type ContainerWhy = {
  readonly Id: string;
  readonly Name: string;
  readonly Status: ContainerStatus;
  readonly StartedAt?: string | undefined;
  /** `At`: when it will be started again. */
  readonly Restart: {
    readonly Policy: string;
    readonly Count: number;
    readonly At?: string | undefined;
  };
  /** Left out when no run has ended yet. */
  readonly End?: WhyEnd | undefined;
  /** Of a container that runs. */
  readonly Now?: WhyTraces | undefined;
  readonly Health?: Health | undefined;
  /** The last lines of its log. */
  readonly Log: readonly string[];
  /** The last run under this name that ended well. */
  readonly LastGood?:
    | { readonly Id: string; readonly At: string; readonly Differences: readonly WhyDifference[] }
    | undefined;
};
