import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import type { ContainersHandler } from "./routes.ts";

/** GET /containers/{id}/top */
export const top: ContainersHandler = async (containers, request) => {
  const options = request.query.text("ps_args") ?? "-ef";
  const { titles, processes } = await containers.top(idOf(request), options.trim().split(/\s+/));
  const answer: dockerApi.ContainerTop = { Titles: titles, Processes: processes };
  return json(answer);
};
