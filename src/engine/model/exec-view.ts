import type { ExecRequest } from "./exec-request.ts";

/** A program beside a container's first one, as the doors show it. */
export type Exec = {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly containerId: string;
  readonly request: ExecRequest;
  readonly running: boolean;
  /** Absent until it has ended; 126 and 127 for a program that could not be executed, 128 + signal for a signal. */
  readonly exitCode?: number | undefined;
  /** In the host's numbers; 0 unless it runs. */
  readonly pid: number;
};
