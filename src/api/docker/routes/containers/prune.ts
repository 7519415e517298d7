import type { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { readPruneFilter } from "../../prune-filter.ts";
import type { ContainersHandler } from "./routes.ts";

/** POST /containers/prune */
export const pruneContainers: ContainersHandler = async (containers, { query }) => {
  const { fits } = readPruneFilter(query);
  const { removed, freedBytes } = await containers.prune(({ createdAt, spec }) =>
    fits({ createdAt, labels: spec.labels }),
  );
  const answer: dockerApi.ContainersPruned = {
    ContainersDeleted: removed.length === 0 ? null : removed,
    SpaceReclaimed: freedBytes,
  };
  return json(answer);
};
