import type { EngineEvent } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { doorError } from "../../errors.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import type { Query } from "../../query.ts";
import type { Handler } from "../../route.ts";
import { negotiateObjectStream } from "../../streams/json-lines.ts";
import { mapPieces } from "../../streams/pieces.ts";
import type { SystemPort } from "./port.ts";

/** GET /events: what happens, as it happens. */
export function events(system: SystemPort): Handler {
  return async ({ query, headers, version, signal }) => {
    const filters = dockerApi.parseFilters(query.text("filters"), eventFilterNames);
    const range = { since: momentOf(query, "since"), until: momentOf(query, "until") };
    const { type, format } = negotiateObjectStream(version < 52 ? undefined : headers.accept);
    const fits = (event: EngineEvent) =>
      fitsFilters(filters, (name, value) => matchers[name]?.(event, value) ?? false);
    const render = (event: EngineEvent) => (fits(event) ? format(renderEvent(event)) : undefined);
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
  image: isAboutImage,
  label: (event, value) => matchesLabel(event.attributes, value),
  scope: (_, value) => value === "local",
};

/** The image of a container counts too, and a name without a tag stands for every tag. */
function isAboutImage(event: EngineEvent, value: string): boolean {
  const name = event.type === "image" ? event.attributes.name : event.attributes.image;
  if (event.type === "image" && event.id.startsWith(value)) return true;
  return name === value || name?.replace(/(@.*|:[^/:]*)$/, "") === value;
}

const eventFilterNames: readonly string[] = Object.keys(matchers);

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
