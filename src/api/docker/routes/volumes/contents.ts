import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import type { DoorRequest } from "../../route.ts";
import { started } from "../../streams/pieces.ts";
import { idOf } from "../containers/lifecycle.ts";
import { renderVolume } from "./render.ts";
import type { VolumesHandler } from "./routes.ts";

/** POST /tug/volumes/{name}/rename?name=NEW */
export const renameVolume: VolumesHandler = async (volumes, request) =>
  json(renderVolume(await volumes.rename(idOf(request), newName(request))));

/** POST /tug/volumes/{name}/clone?name=NEW */
export const cloneVolume: VolumesHandler = async (volumes, request) =>
  json(renderVolume(await volumes.clone(idOf(request), newName(request), request.signal)), 201);

/** GET /tug/volumes/{name}/export */
export const exportVolume: VolumesHandler = async (volumes, request) => {
  const archive = await volumes.export(idOf(request), request.signal);
  return { kind: "stream", type: dockerApi.mediaTypes.tar, pieces: await started(archive) };
};

/** POST /tug/volumes/{name}/import */
export const importVolume: VolumesHandler = async (volumes, request) => {
  const upload = { archive: request.body.stream, signal: request.signal };
  return json(renderVolume(await volumes.import(idOf(request), upload)));
};

function newName({ query }: DoorRequest): string {
  const name = query.text("name") ?? "";
  if (name === "") throw doorError("QUERY", "the new name of the volume is missing");
  return name;
}
