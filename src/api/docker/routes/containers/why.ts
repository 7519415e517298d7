import { json } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import { renderWhy } from "./render/why.ts";
import type { ContainersHandler } from "./routes.ts";

/** GET /tug/containers/{id}/why */
export const why: ContainersHandler = async (containers, request) =>
  json(renderWhy(await containers.why(idOf(request))));
