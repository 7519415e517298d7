import { appendFileSync } from "node:fs";
import { type Logger, type LogLevel, reasonOf } from "../base/index.ts";
import { ociCliError } from "./errors.ts";

/** Where and how log lines are written. */
export type OciLogOptions = {
  readonly file: string | undefined;
  readonly format: string | undefined;
  readonly debug: boolean;
  /** Of whoever the file is for, unless it is this process's. */
  readonly umask?: number;
};

const levels: Record<LogLevel, string> = { debug: "debug", info: "info", warn: "warning", error: "error" };

/**
 * The log that callers of runc read: one line per message with `level`, `msg` and `time`, as JSON or as text. Without
 * a file only warnings go anywhere: to standard error.
 *
 * @throws OCI_CLI_FLAG for an unknown format, OCI_CLI_FILE for a file that cannot be written
 */
export function ociLogger(options: OciLogOptions, stderr: (text: string) => void): Logger {
  const { file, format = "text", debug, umask = 0 } = options;
  if (format !== "json" && format !== "text") {
    throw ociCliError(
      "FLAG",
      `invalid value ${JSON.stringify(format)} for flag -log-format: unknown log-format`,
      {
        hint: "use text or json",
      },
    );
  }
  const print = format === "json" ? jsonLine : textLine;
  if (file !== undefined) write(file, "", umask);
  const logger: Logger = {
    log(level, event, fields = {}) {
      if (level === "debug" && !debug) return;
      const line = print(level, event, fields);
      if (file !== undefined) write(file, line, umask);
      else if (level !== "error") stderr(line);
    },
    with: () => logger,
  };
  return logger;
}

/** Callers read the file after a failure, so it is there from the beginning. */
function write(file: string, line: string, umask: number): void {
  try {
    appendFileSync(file, line, { mode: 0o644 & ~umask });
  } catch (error) {
    throw ociCliError("FILE", `cannot write the log to ${file}: ${reasonOf(error)}`, { cause: error });
  }
}

type Fields = Readonly<Record<string, unknown>>;

function jsonLine(level: LogLevel, event: string, fields: Fields): string {
  return `${JSON.stringify({ ...fields, level: levels[level], msg: event, time: new Date().toISOString() })}\n`;
}

function textLine(level: LogLevel, event: string, fields: Fields): string {
  const extra = Object.entries(fields).map(([key, value]) => ` ${key}=${quote(String(value))}`);
  return `time="${new Date().toISOString()}" level=${levels[level]} msg=${quote(event)}${extra.join("")}\n`;
}

function quote(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : JSON.stringify(text);
}
