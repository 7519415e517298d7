import { open, readFile } from "node:fs/promises";
import {
  type ProcessStat,
  type ProcessStatus,
  type ProcessUsage,
  parseGroup,
  parsePasswd,
  parseProcessStat,
  parseProcessStatus,
  parseProcessUsage,
} from "../../host/index.ts";

/** What the kernel tells of a process at one moment. */
export type ProcessFacts = {
  readonly stat: ProcessStat;
  readonly status: ProcessStatus;
  readonly usage: ProcessUsage;
  /** As it was given, blanks between its words; the name in brackets where there is none. */
  readonly commandLine: string;
};

/** What is needed of the machine to show a process as ps does. */
export type MachineFacts = {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Seconds. */
  readonly uptime: number;
  readonly memoryBytes: number;
  /** Names of the host's users and groups by number. */
  readonly users: ReadonlyMap<number, string>;
  readonly groups: ReadonlyMap<number, string>;
};

/** The longest command line that is shown, in bytes. */
const LONGEST = 64 * 1024;

/** Undefined when the process has ended. */
export async function readProcess(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, status, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/status`, "utf8"),
      readBeginning(`/proc/${pid}/cmdline`),
    ]);
    const parsed = parseProcessStat(stat);
    return {
      stat: parsed,
      status: parseProcessStatus(status),
      usage: parseProcessUsage(stat),
      commandLine: commandLine === "" ? `[${printable(parsed.command)}]` : commandLine,
    };
  } catch {
    return undefined;
  }
}

/** Reads them from this machine. */
export async function readMachine(): Promise<MachineFacts> {
  const [uptime, meminfo, passwd, group] = await Promise.all(
    ["/proc/uptime", "/proc/meminfo", "/etc/passwd", "/etc/group"].map((path) =>
      readFile(path, "utf8").catch(() => ""),
    ),
  );
  return {
    now: Date.now(),
    uptime: Number.parseFloat(uptime ?? "") || 0,
    memoryBytes: Number(/^MemTotal:\s+(\d+) kB/m.exec(meminfo ?? "")?.[1] ?? 0) * 1024,
    users: new Map(parsePasswd(passwd ?? "").map(({ uid, name }) => [uid, name])),
    groups: new Map(parseGroup(group ?? "").map(({ gid, name }) => [gid, name])),
  };
}

async function readBeginning(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(LONGEST), 0, LONGEST, null);
    return printable(buffer.toString("utf8", 0, bytesRead).replace(/\0+$/, "").replaceAll("\0", " "));
  } finally {
    await file.close();
  }
}

/** Programs name themselves: what would change a terminal must not reach it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}
