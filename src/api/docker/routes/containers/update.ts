import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";
import { translateUpdate } from "./translate/update.ts";

const MAX_UPDATE_BODY_BYTES = 64 * 1024;

/** POST /containers/{id}/update */
export const update: ContainersHandler = async (containers, request) => {
  const body = dockerApi.parseUpdateBody(await request.body.json(MAX_UPDATE_BODY_BYTES));
  await containers.update(idOf(request), translateUpdate(body));
  const answer: dockerApi.ContainerUpdated = { Warnings: [] };
  return json(answer);
};
