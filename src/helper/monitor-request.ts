import { encodeFields, type MonitorField, u32, u64 } from "./monitor-fields.ts";

/** Where a monitor writes what its container prints. */
export type MonitorLog = {
  /** Docker's JSON lines, or the lines that a kubelet reads. */
  readonly format: "json-file" | "cri";
  /** Absolute; made when missing, else appended to. */
  readonly path: string;
  /** Added to every JSON line as `attrs`. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Bytes after which a new file is begun; without it a file has no limit. */
  readonly maxSize?: number;
  /** Files that are kept, the current one included; one without it. At most 1000. */
  readonly maxFiles?: number;
  /** Seconds after which the next line goes to a new file. */
  readonly maxAge?: number;
  /** A daemon of the host that gets every line as well. */
  readonly sink?: MonitorSink;
};

/** A socket that takes a datagram for each line, or piece of one: a prefix, the text, a suffix. Nobody waits for it. */
export type MonitorSink = {
  /** Absolute. */
  readonly socket: string;
  readonly prefixes: { readonly stdout: string; readonly stderr: string };
  readonly suffix: string;
  /** Instead of `suffix` for a piece that does not end its line. */
  readonly moreSuffix: string;
};

/** What a monitor has to know besides the plan. */
export type MonitorRequest = {
  /** For the process title. */
  readonly id: string;
  /** Absolute, existing and the container's own: the monitor makes `attach`, `control` and `exit` in it. */
  readonly directory: string;
  /** The plan's console op makes a terminal; else the container gets three pipes. */
  readonly terminal?: boolean;
  /** Size that the terminal gets when it is made. */
  readonly rows?: number;
  readonly columns?: number;
  /** Standard input can be attached to; else it is the null device. */
  readonly openStdin?: boolean;
  /** What is printed before the container is created comes after that, and nowhere if it never is: who makes it prints too. */
  readonly holds?: boolean;
  /** The end of the first attached client's input is the end of the container's. */
  readonly stdinOnce?: boolean;
  /** User of the host who owns the pipes, so that the container's user may open /dev/stdout. */
  readonly owner?: number;
  /** Without it nothing is logged. */
  readonly log?: MonitorLog;
  /** The file with the counter `oom_kill`: v2 memory.events, v1 memory.oom_control with its cgroup.event_control. */
  readonly oom?: { readonly file: string; readonly eventControl?: string };
  /**
   * The file that describes how an engine is started, and whether the monitor starts one when its container has ended
   * and nobody looks at that; `MonitorControl.revive` changes it.
   */
  readonly revive?: { readonly startFile: string; readonly wanted: boolean };
};

const flagBits = { terminal: 1, openStdin: 2, stdinOnce: 4, holds: 16 } as const;
const REVIVES = 8;
const logFormats = { "json-file": 1, cri: 2 } as const;

/** The wire form of a request: docs/monitor-protocol.md, "Request". The run role's message follows it. */
export function encodeMonitorRequest(request: MonitorRequest): Buffer {
  const { log, oom, revive } = request;
  let flags = revive?.wanted ? REVIVES : 0;
  for (const [name, bit] of Object.entries(flagBits)) {
    if (request[name as keyof typeof flagBits]) flags |= bit;
  }
  const fields: (MonitorField | undefined)[] = [
    field(1, Buffer.from(request.id)),
    field(2, Buffer.from(request.directory)),
    field(3, u32(flags)),
    field(4, mapped(request.rows, u32)),
    field(5, mapped(request.columns, u32)),
    field(6, mapped(request.owner, u32)),
    field(7, mapped(log && logFormats[log.format], u32)),
    field(8, mapped(log?.path, Buffer.from)),
    field(9, mapped(log?.attributes && JSON.stringify(log.attributes), Buffer.from)),
    field(10, mapped(log?.maxSize, u64)),
    field(11, mapped(log?.maxFiles, u32)),
    field(12, mapped(log?.maxAge, u32)),
    field(13, mapped(oom?.file, Buffer.from)),
    field(14, mapped(oom?.eventControl, Buffer.from)),
    field(15, mapped(revive?.startFile, Buffer.from)),
    field(16, mapped(log?.sink?.socket, Buffer.from)),
    field(17, mapped(log?.sink?.prefixes.stdout, Buffer.from)),
    field(18, mapped(log?.sink?.prefixes.stderr, Buffer.from)),
    field(19, mapped(log?.sink?.suffix, Buffer.from)),
    field(20, mapped(log?.sink?.moreSuffix, Buffer.from)),
  ];
  return encodeFields(fields.filter((one) => one !== undefined));
}

function field(id: number, value: Uint8Array | undefined): MonitorField | undefined {
  return value && { id, value };
}

function mapped<T>(value: T | undefined, encode: (value: T) => Uint8Array): Uint8Array | undefined {
  return value === undefined ? undefined : encode(value);
}
