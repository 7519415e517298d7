import { dockerApi } from "../../../../specs/index.ts";
import { json, noContent } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";

const MAX_BODY_BYTES = 64 * 1024;

/** POST /containers/{id}/checkpoints */
export const createCheckpoint: ContainersHandler = async (containers, request) => {
  const body = dockerApi.parseCheckpointBody(await request.body.json(MAX_BODY_BYTES));
  await containers.checkpoint(idOf(request), {
    name: body.CheckpointID ?? "",
    directory: body.CheckpointDir || undefined,
    leaveRunning: body.Exit !== true,
  });
  return { kind: "empty", status: 201 };
};

/** GET /containers/{id}/checkpoints */
export const listCheckpoints: ContainersHandler = async (containers, request) => {
  const names = await containers.checkpoints(idOf(request), request.query.text("dir"));
  return json(names.map((Name): dockerApi.Checkpoint => ({ Name })));
};

/** DELETE /containers/{id}/checkpoints/{checkpoint} */
export const removeCheckpoint: ContainersHandler = async (containers, request) => {
  const { params, query } = request;
  const reference = { name: params.checkpoint ?? "", directory: query.text("dir") };
  await containers.removeCheckpoint(idOf(request), reference);
  return noContent;
};
