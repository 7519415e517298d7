/** One record of a json-file log. */
export type TestRecord = {
  readonly log: string;
  readonly stream?: "stdout" | "stderr";
  /** Seconds since 2026 began, for the time. */
  readonly second?: number;
  readonly attrs?: Readonly<Record<string, string>>;
};

/** A record's time. */
export function timeOf(second: number): string {
  return `${new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().slice(0, 19)}.123456789Z`;
}

/** A line as the monitor writes it. */
export function logLine({ log, stream = "stdout", second = 0, attrs }: TestRecord): string {
  return `${JSON.stringify({ log, stream, ...(attrs && { attrs }), time: timeOf(second) })}\n`;
}
