import { doorError } from "../../errors.ts";
import { mapPieces, started } from "../../streams/pieces.ts";
import { idOf } from "./lifecycle.ts";
import { renderStats } from "./render/stats.ts";
import type { ContainersHandler } from "./routes.ts";

/** GET /containers/{id}/stats */
export const stats: ContainersHandler = async (containers, request) => {
  const { query, version, signal } = request;
  const stream = query.flag("stream", true);
  const oneShot = version >= 41 && query.flag("one-shot");
  if (stream && oneShot) throw doorError("QUERY", "cannot have stream=true and one-shot=true");
  const samples = await containers.stats(idOf(request), { stream, oneShot }, signal);
  const pieces = mapPieces(samples, (sample) => `${JSON.stringify(renderStats(sample))}\n`);
  return { kind: "stream", type: "application/json", pieces: await started(pieces) };
};
