import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheEntry, checkout, removeOlderEntries } from "../../tools/test/cache.ts";
import type { Requirement } from "./requirements.ts";

/** What a process sees of itself and of its surroundings. Members read from /proc are null where there is none. */
export type ProbeReport = {
  readonly pid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
  /** Real, effective, saved. */
  readonly uid: readonly [number, number, number];
  readonly gid: readonly [number, number, number];
  readonly groups: readonly number[];
  readonly umask: number;
  readonly nice: number;
  readonly cwd: string | null;
  /** Sets as 16 hexadecimal digits. */
  readonly capabilities: Readonly<
    Record<"effective" | "permitted" | "inheritable" | "bounding" | "ambient", string>
  >;
  readonly noNewPrivileges: 0 | 1;
  /** 0 none, 2 filter. */
  readonly seccomp: number;
  readonly dumpable: number;
  /** Such as `mnt:[4026531832]`, by name. */
  readonly namespaces: Readonly<
    Record<"cgroup" | "ipc" | "mnt" | "net" | "pid" | "time" | "user" | "uts", string | null>
  >;
  /** Number of each open descriptor to what it is open on. */
  readonly descriptors: Readonly<Record<string, string>> | null;
  /** Soft and hard. */
  readonly rlimits: Readonly<Record<string, readonly [number | "unlimited", number | "unlimited"]>>;
  /** Of standard input, output and error. */
  readonly terminals: readonly (Terminal | null)[];
  /** Sets as 16 hexadecimal digits, the lowest bit is signal 1. */
  readonly blockedSignals: string;
  readonly ignoredSignals: string;
  readonly hostname: string;
  readonly domainname: string;
  /** Numbers of the processors that it may run on. */
  readonly processors: readonly number[];
  /** Lines of /proc/self/cgroup, mountinfo and so on. */
  readonly cgroup: readonly string[] | null;
  readonly mounts: readonly string[] | null;
  readonly uidMap: readonly string[] | null;
  readonly gidMap: readonly string[] | null;
  readonly oomScoreAdj: readonly [string] | null;
  readonly securityLabel: readonly string[] | null;
  readonly arguments: readonly string[];
  /** `NAME=value`, in order. */
  readonly environment: readonly string[];
};

export type Terminal = { name: string | null; rows: number; columns: number; foreground: number };

/** One line of the probe: the verb, the name of its error, and what the verb found (see test/fixtures/probe). */
export type ProbeLine = { readonly verb: string; readonly errno: string | null } & Readonly<
  Record<string, unknown>
>;

const sources = join(checkout, "test/fixtures/probe");

/** The probe as a static program, compiled once; a test puts it into a container and runs it there. */
export function probeProgram(): Requirement {
  const files = readdirSync(sources).sort();
  const texts = files.map((name) => readFileSync(join(sources, name), "utf8"));
  const program = cacheEntry("probe", { recipe: 1, arch: process.arch, texts });
  try {
    if (!existsSync(program)) compile(files, program);
    return { path: program, skip: false };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { path: "", skip: "needs gcc" };
  }
}

function compile(files: readonly string[], program: string): void {
  const partial = `${program}-${process.pid}`;
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-Os", "-Wall", "-Wextra", "-Werror", "-static"];
  const units = files.filter((name) => name.endsWith(".c"));
  mkdirSync(dirname(program), { recursive: true });
  removeOlderEntries(program);
  execFileSync("gcc", [...flags, "-o", partial, ...units], { cwd: sources });
  renameSync(partial, program);
}

/** The lines that the probe printed; other lines are passed over. */
export function probeLines(output: string): ProbeLine[] {
  return output
    .split("\n")
    .filter((line) => line.startsWith('{"verb":'))
    .map((line) => JSON.parse(line, (_, value) => (typeof value === "string" ? fromBytes(value) : value)));
}

/** The first report among what the probe printed. */
export function probeReport(output: string): ProbeReport {
  const report = probeLines(output).find((line) => line.verb === "report");
  if (report === undefined) throw new Error(`the probe printed no report:\n${output}`);
  return report as unknown as ProbeReport;
}

/** The probe writes each byte of a text as one character. */
function fromBytes(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}
