import type { MonitorLog } from "../../helper/index.ts";
import { sinks } from "./log-sinks.ts";
import { attributesOf, type LogSubject, refuse } from "./log-subject.ts";

/** Size and number of files unless the options say otherwise: a log is never without bounds by default. */
const DEFAULT_SIZE = 100_000_000;
const DEFAULT_FILES = 2;

/** What can be asked for. */
export const logDrivers: readonly string[] = ["json-file", "none", ...Object.keys(sinks)];

const known = [
  "max-size",
  "max-file",
  "max-age",
  "labels",
  "labels-regex",
  "env",
  "env-regex",
  "tag",
  "compress",
  "mode",
  "max-buffer-size",
];

/**
 * How the monitor is to write a container's log, or undefined when nothing is kept. Whatever the driver, a file is written,
 * which `tug logs` reads: its options are those of Docker's json-file driver, and `max-age`: `24h`, `7d`. Sizes are in
 * powers of 1000, as Docker reads them here.
 * Source: https://docs.docker.com/engine/logging/drivers/json-file/
 *
 * @throws ENGINE_LOG_OPTION
 */
export function logSettings(subject: LogSubject, path: string): MonitorLog | undefined {
  const { driver = "json-file", options } = subject.logging;
  if (driver === "none") return undefined;
  const { options: own = [], sink } = sinks[driver] ?? {};
  for (const name of Object.keys(options)) {
    if ([...known, ...own].includes(name)) continue;
    const hint = `the options are ${[...own, ...known].join(", ")}`;
    throw refuse(name, `unknown log opt '${name}' for ${driver} log driver`, hint);
  }
  if (options.compress === "true") throw refuse("compress", "rotated files are not compressed");
  if (!["blocking", "non-blocking", undefined].includes(options.mode)) {
    throw refuse("mode", `logger: logging mode not supported: ${options.mode}`);
  }
  const size = readSize(options["max-size"]);
  const age = readAge(options["max-age"]);
  const attributes = attributesOf(subject);
  return {
    format: "json-file",
    path,
    ...(size !== undefined && { maxSize: size }),
    maxFiles: readCount(options["max-file"]) ?? (options["max-size"] === undefined ? DEFAULT_FILES : 1),
    ...(age !== undefined && { maxAge: age }),
    ...(attributes && { attributes }),
    ...(sink && { sink: sink(subject) }),
  };
}

const powers: Readonly<Record<string, number>> = { b: 0, k: 1, m: 2, g: 3, t: 4 };

/** Bytes; undefined for -1, which is no limit. */
function readSize(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_SIZE;
  if (text === "-1") return undefined;
  const [, digits, unit = "b"] = /^(\d{1,12}(?:\.\d{1,3})?) ?([bkmgt])?(?:i?b)?$/i.exec(text) ?? [];
  const size = Math.floor(Number(digits) * 1000 ** (powers[unit.toLowerCase()] ?? 0));
  if (digits !== undefined && size > 0) return size;
  throw refuse("max-size", `invalid size: '${text}'`, "write it like 10m, or -1 for no limit");
}

function readCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 1000) return Number(text);
  throw refuse("max-file", `'${text}' is not a number of files`, "give a number from 1 to 1000");
}

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

function readAge(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits, unit = ""] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const age = Number(digits) * (seconds[unit] ?? 0);
  if (digits !== undefined && age > 0 && age < 2 ** 32) return age;
  throw refuse("max-age", `'${text}' is not a duration`, "write it like 90m, 24h or 7d");
}
