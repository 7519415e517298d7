/** What ps shows of a process besides its name, parent and start: fields of /proc/PID/stat. */
export type ProcessUsage = {
  readonly processGroup: number;
  readonly session: number;
  /** Device number of its terminal, 0 for none. */
  readonly terminal: number;
  /** The terminal's foreground process group, -1 for none. */
  readonly foregroundGroup: number;
  /** Processor time in user and kernel mode, in clock ticks. */
  readonly cpuTicks: number;
  readonly nice: number;
  readonly threads: number;
  readonly virtualBytes: number;
  readonly residentPages: number;
  /** The processor it ran on last. */
  readonly processor: number;
};

/** Reads these fields of /proc/PID/stat; what is missing is 0. Source: proc_pid_stat(5) */
export function parseProcessUsage(text: string): ProcessUsage {
  // The command may itself hold blanks and parentheses: what follows the last one begins with field 3.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => {
    const digits = fields[number - 3] ?? "";
    return /^-?\d{1,20}$/.test(digits) ? Number(digits) : 0;
  };
  return {
    processGroup: field(5),
    session: field(6),
    terminal: field(7),
    foregroundGroup: field(8),
    cpuTicks: field(14) + field(15),
    nice: field(19),
    threads: field(20),
    virtualBytes: field(23),
    residentPages: field(24),
    processor: field(39),
  };
}
