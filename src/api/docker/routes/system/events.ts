import type { EngineEvent } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import type { Query } from "../../query.ts";
import type { Handler } from "../../route.ts";
import { negotiateObjectStream } from "../../streams/json-lines.ts";
import { mapPieces } from "../../streams/pieces.ts";
import { matchesLabel } from "../containers/list-filters.ts";
import type { SystemPort } from "./port.ts";

/** GET /events: what happens, as it happens. */
export function events(system: SystemPort): Handler {
  return async ({ query, headers, version, signal }) => {
    const filters = dockerApi.parseFilters(query.text("filters"), eventFilterNames);
    const range = { since: momentOf(query, "since"), until: momentOf(query, "until") };
    const { type, format } = negotiateObjectStream(version < 52 ? undefined : headers.accept);
    const render = (event: EngineEvent) => (matches(event, filters) ? format(renderEvent(event)) : undefined);
    return { kind: "stream", type, pieces: mapPieces(system.events(range, signal), render) };
  };
}

type Matcher = (event: EngineEvent, value: string) => boolean;

const about =
  (type: EngineEvent["type"]): Matcher =>
  (event, value) =>
    event.type === type && (event.id.startsWith(value) || event.attributes.name === value);

const matchers: Readonly<Record<string, Matcher>> = {
  type: (event, value) => event.type === value,
  // Actions of health checks and execs carry more after a colon.
  event: (event, value) => event.action === value || event.action.startsWith(`${value}:`),
  container: about("container"),
  volume: about("volume"),
  network: about("network"),
  daemon: about("daemon"),
  image: (event, value) => about("image")(event, value) || event.attributes.image === value,
  label: (event, value) => matchesLabel(event.attributes, value),
  scope: (_, value) => value === "local",
};

const eventFilterNames: readonly string[] = Object.keys(matchers);

function matches(event: EngineEvent, filters: dockerApi.Filters): boolean {
  return [...filters].every(([name, values]) =>
    values.some((value) => matchers[name]?.(event, value) ?? false),
  );
}

/** The JSON text of an event. The nanoseconds have more digits than a JavaScript number: they go in as text. */
function renderEvent(event: EngineEvent): string {
  const forOldClients =
    event.type === "container" || event.type === "image"
      ? { status: event.action, id: event.id, from: event.attributes.image }
      : {};
  const message: Omit<dockerApi.EventMessage, "timeNano"> = {
    ...forOldClients,
    Type: event.type,
    Action: event.action,
    Actor: { ID: event.id, Attributes: event.attributes },
    scope: "local",
    time: Number(event.timeNanos / 1_000_000_000n),
  };
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${event.timeNanos}}`;
}

/** Seconds since 1970 with decimals, as milliseconds. */
function momentOf(query: Query, name: "since" | "until"): number | undefined {
  const text = query.text(name);
  if (text === undefined) return undefined;
  if (/^\d{1,11}(\.\d{1,9})?$/.test(text)) return Number(text) * 1000;
  throw doorError("QUERY", `invalid value for "${name}": "${text}" is not in seconds since 1970`);
}
