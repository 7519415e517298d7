import type { MonitorLog } from "../../helper/index.ts";
import { engineError } from "../errors.ts";

/** What decides how a container's output is kept. */
export type LogSubject = {
  readonly id: string;
  readonly name: string;
  readonly image: { readonly name: string; readonly id: string };
  readonly labels: Readonly<Record<string, string>>;
  /** `NAME=value` */
  readonly env: readonly string[];
  /** Of --log-driver and --log-opt. */
  readonly logging: {
    readonly driver?: string | undefined;
    readonly options: Readonly<Record<string, string>>;
  };
};

/** Size and number of files unless the options say otherwise: a log is never without bounds by default. */
const DEFAULT_SIZE = 100_000_000;
const DEFAULT_FILES = 2;

/** The monitor takes no more bytes of labels for each record. */
const LONGEST_ATTRIBUTES = 4096;

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
 * How the monitor is to write a container's log, or undefined when nothing is kept. The options are those of Docker's
 * json-file driver, and `max-age`: `24h`, `7d`. Sizes are in powers of 1000, as Docker reads them here.
 * Source: https://docs.docker.com/engine/logging/drivers/json-file/
 *
 * @throws ENGINE_LOG_OPTION
 */
export function logSettings(subject: LogSubject, path: string): MonitorLog | undefined {
  const { driver = "json-file", options } = subject.logging;
  if (driver === "none") return undefined;
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw refuse(name, `unknown log opt '${name}' for json-file log driver`);
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

/** Labels and variables that the options name, and the tag. */
function attributesOf({ logging, labels, env, ...subject }: LogSubject): Record<string, string> | undefined {
  const { options } = logging;
  const variables = env.map((entry) => entry.split(/=(.*)/s, 2) as [string, string]);
  const attributes = Object.fromEntries([
    ...select(Object.entries(labels), options.labels, {
      name: "labels-regex",
      regex: options["labels-regex"],
    }),
    ...select(variables, options.env, { name: "env-regex", regex: options["env-regex"] }),
    ...(options.tag === undefined ? [] : [["tag", renderTag(options.tag, subject)] as const]),
  ]);
  if (JSON.stringify(attributes).length > LONGEST_ATTRIBUTES) {
    throw refuse("labels", `labels, env and tag of the log make more than ${LONGEST_ATTRIBUTES} bytes`);
  }
  return Object.keys(attributes).length === 0 ? undefined : attributes;
}

function select(
  pairs: readonly (readonly [string, string])[],
  names: string | undefined,
  { name, regex }: { name: string; regex: string | undefined },
): (readonly [string, string])[] {
  const wanted = new Set((names ?? "").split(",").filter((one) => one !== ""));
  const pattern = regex === undefined ? undefined : readPattern(name, regex);
  return pairs.filter(([key]) => wanted.has(key) || (pattern?.test(key) ?? false));
}

function readPattern(option: string, text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (cause) {
    throw refuse(option, `'${text}' is not a regular expression`, undefined, cause);
  }
}

/** The placeholders of Docker's log tags. Source: https://docs.docker.com/engine/logging/log_tags/ */
function renderTag(template: string, { id, name, image }: Pick<LogSubject, "id" | "name" | "image">): string {
  const values: Readonly<Record<string, string>> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: image.id.replace(/^sha256:/, "").slice(0, 12),
    ImageFullID: image.id,
    ImageName: image.name,
    DaemonName: "tug",
  };
  return template.replace(/\{\{\s*([^}]*?)\s*\}\}/g, (whole, expression: string) => {
    const value = values[expression.replace(/^\./, "")];
    if (value === undefined || !expression.startsWith(".")) throw refuse("tag", `there is no ${whole}`);
    return value;
  });
}

function refuse(option: string, reason: string, hint?: string, cause?: unknown): Error {
  return engineError("LOG_OPTION", `invalid /HostConfig/LogConfig/Config/${option}: ${reason}`, {
    hint: hint ?? `the options are ${known.join(", ")}`,
    details: { pointer: `/HostConfig/LogConfig/Config/${option}` },
    ...(cause !== undefined && { cause }),
  });
}
