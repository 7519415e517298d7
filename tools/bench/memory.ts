import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** The memory of processes, each page shared out among those who have it, in KiB. Source: proc_pid_smaps(5), Pss */
export function proportionalSize(pids: readonly number[]): number {
  const sizes = pids.map((pid) =>
    Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Begins to watch the most that processes have in memory; what is returned tells it, in KiB. Source: proc_pid_clear_refs(5), proc_pid_status(5), VmHWM */
export function watchPeak(pids: readonly number[]): () => number {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  const peak = (pid: number) =>
    Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  return () => pids.reduce((sum, pid) => sum + peak(pid), 0);
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** A process and its children that are no monitors: they live as long as their containers. */
export function familyOf(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" "),
  );
  const others = children
    .filter((child) => child !== "")
    .map(Number)
    .filter((child) => !readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith("tug:[monitor]"));
  return [pid, ...others.flatMap(familyOf)];
}
