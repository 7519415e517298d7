import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import type { Query } from "../../query.ts";
import { started } from "../../streams/pieces.ts";
import { idOf } from "./lifecycle.ts";
import type { LogOptions } from "./port.ts";
import type { ContainersHandler } from "./routes.ts";

/** GET /containers/{id}/logs */
export const logs: ContainersHandler = async (containers, request) => {
  const { query, version } = request;
  const { tty, bytes } = await containers.logs(idOf(request), logOptionsOf(query), request.signal);
  const { rawStream, multiplexedStream } = dockerApi.mediaTypes;
  return { kind: "stream", type: tty || version < 42 ? rawStream : multiplexedStream, pieces: bytes };
};

/** GET /containers/{id}/export */
export const exportContainer: ContainersHandler = async (containers, request) => {
  const archive = await containers.export(idOf(request), request.signal);
  return { kind: "stream", type: dockerApi.mediaTypes.tar, pieces: await started(archive) };
};

function logOptionsOf(query: Query): LogOptions {
  const [stdout, stderr] = [query.flag("stdout"), query.flag("stderr")];
  if (!stdout && !stderr) throw doorError("QUERY", "Bad parameters: you must choose at least one stream");
  return {
    stdout,
    stderr,
    follow: query.flag("follow"),
    since: momentOf(query, "since"),
    until: momentOf(query, "until"),
    tail: tailOf(query.text("tail")),
    timestamps: query.flag("timestamps"),
    merge: query.flag("merge"),
  };
}

/** Docker reads anything that is no number as "all". */
function tailOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A moment in seconds since 1970 with up to nine decimals, as an RFC 3339 text. */
function momentOf(query: Query, name: "since" | "until"): string | undefined {
  const text = query.text(name);
  if (text === undefined || text === "0") return undefined;
  const [, seconds, fraction = ""] = /^(\d{1,11})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
  if (seconds === undefined) {
    throw doorError("QUERY", `invalid value for "${name}": "${text}" is not in seconds since 1970`);
  }
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -".000Z".length);
  return `${whole}.${fraction.padEnd(9, "0")}Z`;
}
