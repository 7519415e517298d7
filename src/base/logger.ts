export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values of one log line; container and request ids go in here. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where a module reports what happened. An event is a constant name, never a composed sentence; details are fields.
 * Libraries receive a logger and never print.
 */
export interface Logger {
  log(level: LogLevel, event: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each of its lines. */
  with(fields: LogFields): Logger;
}

const order: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** A logger that writes one JSON object per line: `time` (RFC 3339), `level`, `event`, then the fields. */
export function jsonLogger(
  write: (line: string) => void,
  least: LogLevel = "info",
  base: LogFields = {},
): Logger {
  return {
    log(level, event, fields) {
      if (order[level] < order[least]) return;
      write(`${JSON.stringify({ time: new Date().toISOString(), level, event, ...base, ...fields })}\n`);
    },
    with: (fields) => jsonLogger(write, least, { ...base, ...fields }),
  };
}

/** A logger that drops everything. */
export const silentLogger: Logger = { log() {}, with: () => silentLogger };
