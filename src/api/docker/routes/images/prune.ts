import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { readPruneFilter } from "../../prune-filter.ts";
import { renderRemoved } from "./references.ts";
import type { ImagesHandler } from "./routes.ts";

/** POST /images/prune */
export const pruneImages: ImagesHandler = async (images, { query }) => {
  const { filters, fits } = readPruneFilter(query, ["dangling"]);
  const [dangling = "true"] = filters.get("dangling") ?? [];
  const { removed, freedBytes } = await images.prune({
    all: ["false", "0"].includes(dangling),
    fits: ({ createdAt, config }) => fits({ createdAt, labels: config.Labels ?? {} }),
  });
  const answer: dockerApi.ImagesPruned = {
    ImagesDeleted: removed.length === 0 ? null : removed.map(renderRemoved),
    SpaceReclaimed: freedBytes,
  };
  return json(answer);
};
