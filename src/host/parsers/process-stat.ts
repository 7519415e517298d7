/** What is used of /proc/PID/stat. */
export type ProcessStat = {
  readonly pid: number;
  readonly command: string;
  /** R running, S sleeping, D disk sleep, Z zombie, T stopped, X dead ...; empty for text that is no stat line. */
  readonly state: string;
  readonly parentPid: number;
  /** Field 22, in clock ticks since boot. */
  readonly startTime: bigint;
};

/**
 * Reads /proc/PID/stat. The command may itself hold blanks, line breaks and parentheses, so the last parenthesis counts.
 * Fields that are missing or no numbers are 0 and empty.
 * Source: proc_pid_stat(5)
 */
export function parseProcessStat(text: string): ProcessStat {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  const fields = close < 0 ? [] : text.slice(close + 2).split(" ");
  return {
    pid: numberOf(text.slice(0, Math.max(open, 0)).trim()),
    command: text.slice(open + 1, Math.max(close, 0)),
    state: fields[0] ?? "",
    parentPid: numberOf(fields[1]),
    startTime: BigInt(/^\d{1,20}$/.test(fields[19] ?? "") ? (fields[19] as string) : 0),
  };
}

function numberOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : 0;
}
