/** What is used of /proc/PID/stat. */
export type ProcessStat = {
  readonly pid: number;
  readonly command: string;
  /** R running, S sleeping, D disk sleep, Z zombie, T stopped, X dead ... */
  readonly state: string;
  readonly parentPid: number;
  /** Field 22, in clock ticks since boot. */
  readonly startTime: bigint;
};

/**
 * Reads /proc/PID/stat. The command may itself hold spaces and parentheses, so the last one counts.
 * Source: proc_pid_stat(5)
 */
export function parseProcessStat(text: string): ProcessStat {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const fields = text.slice(close + 2).split(" ");
  return {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 1, close),
    state: fields[0] ?? "",
    parentPid: Number(fields[1]),
    startTime: BigInt(fields[19] ?? 0),
  };
}
