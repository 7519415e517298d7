import { type MachineFacts, type ProcessFacts, printable } from "./process-facts.ts";
import { bsdTime, cpuTime, elapsed, longStart, startDay, startMoment, wholeStart } from "./ps-times.ts";

/** One column of a list of processes. */
export type PsColumn = {
  readonly title: string;
  value(process: ProcessFacts, machine: MachineFacts): string;
};

/** What the kernel counts processor time and start times in: USER_HZ of x86-64 and arm64. */
const TICKS_PER_SECOND = 100;

const PAGE = 4096;

/** Seconds since the process was started. */
function age({ stat }: ProcessFacts, { uptime }: MachineFacts): number {
  return Math.max(0, uptime - Number(stat.startTime) / TICKS_PER_SECOND);
}

const cpuSeconds = ({ usage }: ProcessFacts): number => usage.cpuTicks / TICKS_PER_SECOND;

/** When it was started, in milliseconds since 1970. */
const startedAt = (process: ProcessFacts, machine: MachineFacts): number =>
  machine.now - age(process, machine) * 1000;

function cpuPercent(process: ProcessFacts, machine: MachineFacts): number {
  const seconds = age(process, machine);
  return seconds === 0 ? 0 : (cpuSeconds(process) / seconds) * 100;
}

function memoryPercent({ usage }: ProcessFacts, { memoryBytes }: MachineFacts): number {
  return memoryBytes === 0 ? 0 : ((usage.residentPages * PAGE) / memoryBytes) * 100;
}

/** Its state with ps's marks: nice, session leader, several threads, in the foreground. */
function stateOf({ stat, usage }: ProcessFacts): string {
  const marks = [
    usage.nice < 0 ? "<" : usage.nice > 0 ? "N" : "",
    usage.session === stat.pid ? "s" : "",
    usage.threads > 1 ? "l" : "",
    usage.foregroundGroup === usage.processGroup ? "+" : "",
  ];
  return stat.state + marks.join("");
}

/** The name of a terminal by its device number, which holds the minor number in two parts. */
export function terminalName(device: number): string {
  const [major, minor] = [(device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00)];
  if (device === 0) return "?";
  if (major >= 136 && major <= 143) return `pts/${minor + (major - 136) * 256}`;
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`;
  return major === 5 && minor === 1 ? "console" : "?";
}

function nameOf(names: ReadonlyMap<number, string>, id: number | undefined): string {
  return id === undefined ? "?" : (names.get(id) ?? String(id));
}

const number =
  (read: (process: ProcessFacts, machine: MachineFacts) => number): PsColumn["value"] =>
  (process, machine) =>
    String(Math.floor(read(process, machine)));
const percent =
  (read: (process: ProcessFacts, machine: MachineFacts) => number): PsColumn["value"] =>
  (process, machine) =>
    read(process, machine).toFixed(1);
const id =
  (kind: "uids" | "gids", index: number): PsColumn["value"] =>
  ({ status }) =>
    String(status[kind][index] ?? "?");
const user =
  (index: number): PsColumn["value"] =>
  ({ status }, { users }) =>
    nameOf(users, status.uids[index]);
const group =
  (index: number): PsColumn["value"] =>
  ({ status }, { groups }) =>
    nameOf(groups, status.gids[index]);
const command: PsColumn["value"] = ({ stat }) => printable(stat.command);
const commandLine: PsColumn["value"] = (process) => process.commandLine;
const terminal: PsColumn["value"] = ({ usage }) => terminalName(usage.terminal);

const [REAL, EFFECTIVE] = [0, 1];

/** By the word of `-o`: the title and the value. Source: ps(1), STANDARD FORMAT SPECIFIERS */
const table: readonly (readonly [words: string, title: string, value: PsColumn["value"]])[] = [
  ["pid", "PID", number(({ stat }) => stat.pid)],
  ["ppid", "PPID", number(({ stat }) => stat.parentPid)],
  ["pgid pgrp", "PGID", number(({ usage }) => usage.processGroup)],
  ["sid sess session", "SID", number(({ usage }) => usage.session)],
  ["tpgid", "TPGID", ({ usage }) => String(usage.foregroundGroup)],
  ["uid euid", "UID", id("uids", EFFECTIVE)],
  ["ruid", "RUID", id("uids", REAL)],
  ["gid egid", "GID", id("gids", EFFECTIVE)],
  ["rgid", "RGID", id("gids", REAL)],
  ["user euser uname", "USER", user(EFFECTIVE)],
  ["ruser", "RUSER", user(REAL)],
  ["group egroup", "GROUP", group(EFFECTIVE)],
  ["rgroup", "RGROUP", group(REAL)],
  ["comm ucomm ucmd", "COMMAND", command],
  ["args command", "COMMAND", commandLine],
  ["cmd", "CMD", commandLine],
  ["c", "C", number((process, machine) => Math.min(99, cpuPercent(process, machine)))],
  ["%cpu pcpu", "%CPU", percent(cpuPercent)],
  ["%mem pmem", "%MEM", percent(memoryPercent)],
  ["vsz vsize", "VSZ", number(({ usage }) => usage.virtualBytes / 1024)],
  ["rss rssize rsz", "RSS", number(({ usage }) => (usage.residentPages * PAGE) / 1024)],
  ["tty tt tname", "TTY", terminal],
  ["stat", "STAT", stateOf],
  ["s state", "S", ({ stat }) => stat.state],
  ["stime", "STIME", (process, machine) => startDay(startedAt(process, machine), machine.now)],
  ["start_time", "START", (process, machine) => startDay(startedAt(process, machine), machine.now)],
  ["bsdstart", "START", (process, machine) => startMoment(startedAt(process, machine), machine.now)],
  ["start", "STARTED", (process, machine) => longStart(startedAt(process, machine), machine.now)],
  ["lstart", "STARTED", (process, machine) => wholeStart(startedAt(process, machine))],
  ["etime", "ELAPSED", (process, machine) => elapsed(age(process, machine))],
  ["etimes", "ELAPSED", number(age)],
  ["time cputime", "TIME", (process) => cpuTime(cpuSeconds(process))],
  ["times cputimes", "TIME", number(cpuSeconds)],
  ["bsdtime", "TIME", (process) => bsdTime(cpuSeconds(process))],
  ["ni nice", "NI", ({ usage }) => String(usage.nice)],
  ["nlwp thcount", "NLWP", number(({ usage }) => usage.threads)],
  ["psr", "PSR", number(({ usage }) => usage.processor)],
];

/** Every column by every word for it. */
export const psColumns: ReadonlyMap<string, PsColumn> = new Map(
  table.flatMap(([words, title, value]) => words.split(" ").map((word) => [word, { title, value }] as const)),
);
