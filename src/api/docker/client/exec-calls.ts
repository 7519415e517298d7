import type * as dockerApi from "../../../specs/docker-api/index.ts";
import { type AttachedStreams, attachStreams } from "./attached-streams.ts";
import type { CallOptions } from "./container-calls.ts";
import type { Transport } from "./transport.ts";

/** In characters. */
export type TerminalSize = {
  /** Lines. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
};

/** How a program is started. */
export type ExecStartOptions = CallOptions & {
  /** Size of the terminal at the start. */
  readonly size?: TerminalSize | undefined;
  /** It has a terminal, whose output comes as it is; without this it comes in frames. */
  readonly tty?: boolean | undefined;
};

/** Calls about further programs in running containers. Each is made first, and started once. */
export type ExecCalls = {
  /** Prepares a program; nothing runs yet. */
  create(container: string, body: dockerApi.ExecBody, options?: CallOptions): Promise<dockerApi.ExecCreated>;
  /** Starts it with the streams that it was made with. What cannot be executed is told as output. */
  attach(exec: string, options?: ExecStartOptions): Promise<AttachedStreams>;
  /** Starts it with nobody attached; resolves when the program has been executed. */
  start(exec: string, options?: ExecStartOptions): Promise<void>;
  /** Whether it runs, and how it has ended. */
  inspect(exec: string, options?: CallOptions): Promise<dockerApi.ExecInspect>;
  /** Changes the size of its terminal. */
  resize(exec: string, size: TerminalSize, options?: CallOptions): Promise<void>;
};

export function createExecCalls(transport: Transport): ExecCalls {
  const startRequest = (exec: string, detach: boolean, { size, tty, signal }: ExecStartOptions) => {
    const json: dockerApi.ExecStartBody = {
      Detach: detach,
      Tty: tty ?? false,
      ...(size && { ConsoleSize: [size.height, size.width] }),
    };
    return { method: "POST", path: `${pathOf(exec)}/start`, json, signal } as const;
  };
  return {
    create: (container, json, { signal } = {}) =>
      transport.sendForJson({
        method: "POST",
        path: `/containers/${encodeURIComponent(container)}/exec`,
        json,
        signal,
      }),
    attach: (exec, options = {}) => attachStreams(transport, startRequest(exec, false, options)),
    start: (exec, options = {}) => transport.sendForNothing(startRequest(exec, true, options)),
    inspect: (exec, { signal } = {}) =>
      transport.sendForJson({ method: "GET", path: `${pathOf(exec)}/json`, signal }),
    resize: (exec, { height, width }, { signal } = {}) =>
      transport.sendForNothing({
        method: "POST",
        path: `${pathOf(exec)}/resize`,
        query: { h: height, w: width },
        signal,
      }),
  };
}

function pathOf(exec: string): string {
  return `/exec/${encodeURIComponent(exec)}`;
}
