import { TugError } from "../../../../base/index.ts";
import { ANONYMOUS } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import { readPruneFilter } from "../../prune-filter.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { VolumeView } from "./port.ts";
import { renderVolume } from "./render.ts";
import type { VolumesHandler } from "./routes.ts";

/** A description of a volume has no reason to be longer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** From this version on pruning leaves volumes that have a name, unless it is about `all`. */
const NAMED_STAY = 42;

/** GET /volumes */
export const listVolumes: VolumesHandler = async (volumes, request) => {
  const filters = dockerApi.parseFilters(request.query.text("filters"), Object.keys(matchers));
  const fits = (volume: VolumeView): boolean =>
    fitsFilters(filters, (name, value) => matchers[name]?.(volume, value) ?? false);
  const answer: dockerApi.VolumeList = {
    Volumes: (await volumes.list()).filter(fits).map(renderVolume),
    Warnings: null,
  };
  return json(answer);
};

/** GET /volumes/{name} */
export const inspectVolume: VolumesHandler = async (volumes, request) =>
  json(renderVolume(await volumes.get(idOf(request))));

/** POST /volumes/create */
export const createVolume: VolumesHandler = async (volumes, request) => {
  const body = dockerApi.parseVolumeCreateBody(await request.body.json(MAX_BODY_BYTES));
  const driver = body.Driver || "local";
  if (driver !== "local") {
    const reason = `error looking up volume plugin ${driver}: plugin "${driver}" not found`;
    throw doorError("CREATE_UNSUPPORTED", `create ${body.Name ?? ""}: ${reason}`, {
      hint: "leave --driver out: volumes are local",
    });
  }
  const volume = await volumes.create({
    name: body.Name,
    labels: body.Labels ?? {},
    options: body.DriverOpts ?? {},
  });
  return json(renderVolume(volume), 201);
};

/** DELETE /volumes/{name} */
export const removeVolume: VolumesHandler = async (volumes, request) => {
  try {
    await volumes.remove(idOf(request));
  } catch (error) {
    const missing = error instanceof TugError && error.kind === "notFound";
    if (!missing || !request.query.flag("force")) throw error;
  }
  return { kind: "empty", status: 204 };
};

/** POST /volumes/prune */
export const pruneVolumes: VolumesHandler = async (volumes, { query, version, signal }) => {
  const { filters, fits } = readPruneFilter(query, ["all"]);
  const named = version < NAMED_STAY || ["1", "true"].includes(filters.get("all")?.at(-1) ?? "");
  const { removed, freedBytes } = await volumes.prune(
    (volume) => (named || Object.hasOwn(volume.labels, ANONYMOUS)) && fits(volume),
    signal,
  );
  const answer: dockerApi.VolumesPruned = { VolumesDeleted: removed, SpaceReclaimed: freedBytes };
  return json(answer);
};

type Matcher = (volume: VolumeView, value: string) => boolean;

const matchers: Readonly<Record<string, Matcher>> = {
  dangling: ({ users }, value) => (users.length === 0) === (value === "true" || value === "1"),
  driver: (_, value) => value === "local",
  label: ({ labels }, value) => matchesLabel(labels, value),
  name: ({ name }, value) => name.includes(value),
};
