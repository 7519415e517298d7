import { existsSync } from "node:fs";
import type { MonitorSink } from "../../helper/index.ts";
import { engineError } from "../errors.ts";
import { attributesOf, type LogSubject, refuse, renderTag } from "./log-subject.ts";

/** Drivers that hand lines on to a daemon of the host, with the options that each has of its own. */
export const sinks: Readonly<
  Record<string, { options: readonly string[]; sink: (subject: LogSubject) => MonitorSink }>
> = {
  syslog: { options: ["syslog-address", "syslog-facility", "syslog-format"], sink: syslogSink },
  journald: { options: [], sink: journalSink },
};

const SYSLOG = "/dev/log";

/** Source: https://www.freedesktop.org/software/systemd/man/systemd-journald.service.html */
const JOURNAL = "/run/systemd/journal/socket";

/** Docker shows a container by this where no tag is given. */
const TAG = "{{.ID}}";

/** Severities of standard output and standard error. Source: https://www.rfc-editor.org/rfc/rfc3164#section-4.1.1 */
const severities = { stdout: 6, stderr: 3 } as const;

/** By their numbers. Source: https://www.rfc-editor.org/rfc/rfc3164#section-4.1.1 */
const facilities = [
  ...["kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"],
  ...["", "", "", "", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
];

/**
 * Lines as syslog(3) writes them: priority, tag, text; the daemon adds the time. A daemon on another machine is one that
 * the host's own daemon forwards to: monitors talk to no network.
 */
function syslogSink(subject: LogSubject): MonitorSink {
  const { options } = subject.logging;
  const facility = facilityOf(options["syslog-facility"] ?? "daemon");
  if (!["rfc3164", undefined].includes(options["syslog-format"]))
    throw refuse("syslog-format", `invalid syslog format: ${options["syslog-format"]}`, "use rfc3164");
  const tag = tagOf(subject);
  const prefix = (stream: keyof typeof severities): string =>
    `<${facility * 8 + severities[stream]}>${tag}: `;
  return {
    socket: addressOf(options["syslog-address"]),
    prefixes: { stdout: prefix("stdout"), stderr: prefix("stderr") },
    suffix: "",
    moreSuffix: "",
  };
}

/**
 * The journal's own protocol: a field in a line, with the names that Docker's driver uses.
 * Source: https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ and https://docs.docker.com/engine/logging/drivers/journald/
 */
function journalSink(subject: LogSubject): MonitorSink {
  const { tag: _, ...attributes } = attributesOf(subject) ?? {};
  const tag = tagOf(subject);
  const fields = {
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [fieldName(name), value])),
    CONTAINER_ID: subject.id.slice(0, 12),
    CONTAINER_ID_FULL: subject.id,
    CONTAINER_NAME: subject.name,
    CONTAINER_TAG: tag,
    SYSLOG_IDENTIFIER: tag,
    IMAGE_NAME: subject.image.name,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}=${printed(value)}\n`);
  const prefix = (stream: keyof typeof severities): string =>
    `PRIORITY=${severities[stream]}\n${lines.join("")}MESSAGE=`;
  return {
    socket: JOURNAL,
    prefixes: { stdout: prefix("stdout"), stderr: prefix("stderr") },
    suffix: "\n",
    moreSuffix: "\nCONTAINER_PARTIAL_MESSAGE=true\n",
  };
}

/**
 * Whoever starts a container wants to know that nobody takes its log. A daemon that goes later is looked for by the monitor.
 *
 * @throws ENGINE_LOG_SINK
 */
export function requireSink(sink: MonitorSink | undefined): void {
  if (sink === undefined || existsSync(sink.socket)) return;
  throw engineError("LOG_SINK", `cannot log to ${sink.socket}: there is no such socket`, {
    hint: "start the daemon that makes it, or use --log-driver json-file",
  });
}

function tagOf(subject: LogSubject): string {
  return printed(renderTag(subject.logging.options.tag ?? TAG, subject));
}

/** A line break would begin another field, or another record. */
function printed(text: string): string {
  return text.replace(/\p{Cc}/gu, " ");
}

/** The journal takes capital letters, digits and underscores, of which none is the first. */
function fieldName(name: string): string {
  const capital = name.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
  return capital.replace(/^[_0-9]+/, "") || "LABEL";
}

function facilityOf(text: string): number {
  const number = /^\d{1,2}$/.test(text) ? Number(text) : facilities.indexOf(text);
  if (text !== "" && number >= 0 && number < facilities.length) return number;
  throw refuse("syslog-facility", `invalid syslog facility: ${text}`, "use a name like daemon or local0");
}

function addressOf(text: string | undefined): string {
  if (text === undefined) return SYSLOG;
  const [, path] = /^unix(?:gram)?:\/\/(\/[^\0]{0,106})$/.exec(text) ?? [];
  if (path !== undefined) return path;
  throw refuse(
    "syslog-address",
    `cannot log to '${text}'`,
    "give unixgram:///PATH; have the daemon there forward to other machines",
  );
}
