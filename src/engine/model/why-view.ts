import type { dockerApi } from "../../specs/index.ts";
import type { HealthState, Timestamp } from "./container-view.ts";

/** What the last end of a container came from. */
export type EndCause = dockerApi.EndCause;

/** How a run of a container ended, or could not begin. Kept with the container. */
export type RunEnd = {
  readonly cause: EndCause;
  readonly at: Timestamp;
  /** When the run had begun; absent where it could not begin. */
  readonly startedAt?: Timestamp | undefined;
  /** As users see it: 128 + n for a signal. */
  readonly exitCode: number;
  /** The signal that ended the first process, where one did. */
  readonly signal?: number | undefined;
  /** A sentence where there is one. */
  readonly error: string;
} & Traces;

/** What the kernel knows of a run. */
export type Traces = {
  readonly oom?: OomKills | undefined;
  readonly pressure?: PressureOf | undefined;
  readonly throttled?: Throttling | undefined;
};

/** What the OOM killer has done in a container. Sizes are bytes. */
export type OomKills = {
  readonly kills: number;
  /** The container's own limit; absent where it has none, so that a group above it or the machine was full. */
  readonly limit?: number | undefined;
  /** The most that the container has used at any time, where the kernel counts that. */
  readonly peak?: number | undefined;
  /** Those that the kernel's log still knows, the last ones. */
  readonly victims: readonly OomVictim[];
};

/** A process that the OOM killer has killed: `pid` is the host's, `bytes` what it had that no file backs. */
export type OomVictim = { readonly pid: number; readonly command: string; readonly bytes: number };

/** What was waited for, as the kernel averages it. On control groups v1 the kernel tells it of the whole machine only. */
export type PressureOf = {
  readonly scope: "container" | "machine";
  readonly cpu?: Pressure | undefined;
  readonly memory?: Pressure | undefined;
  readonly io?: Pressure | undefined;
};

/** Per cent of the last 10, 60 and 300 seconds in which some or all processes waited. */
export type Pressure = {
  readonly some?: readonly [number, number, number] | undefined;
  readonly full?: readonly [number, number, number] | undefined;
};

/** Of so many periods of its limit of processors the container was held back in some; nanoseconds. */
export type Throttling = {
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledTime: number;
};

/** A part of a configuration that is not what it was. A value that is secret is left out. */
export type Difference = {
  readonly what: string;
  readonly change: "added" | "removed" | "changed";
  readonly before?: string | undefined;
  readonly now?: string | undefined;
};

/** All that is known about why a container is as it is. */
export type Why = {
  readonly id: string;
  readonly name: string;
  readonly status: dockerApi.ContainerStatus;
  readonly startedAt?: Timestamp | undefined;
  readonly restart: {
    readonly policy: string;
    readonly count: number;
    readonly at?: Timestamp | undefined;
  };
  /** Absent when no run has ended yet. */
  readonly end?: RunEnd | undefined;
  /** Of a container that runs. */
  readonly now?: Traces | undefined;
  readonly health?: HealthState | undefined;
  /** The last lines of its log, without their line ends. */
  readonly log: readonly string[];
  /** The last run under this name that ended well, if there was one. */
  readonly lastGood?:
    | { readonly id: string; readonly at: Timestamp; readonly differences: readonly Difference[] }
    | undefined;
};
