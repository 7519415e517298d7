import type { Container } from "../../../../engine/index.ts";
import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { idOf } from "./lifecycle.ts";
import { containerFilterNames, selectContainers } from "./list-filters.ts";
import type { ContainersPort } from "./port.ts";
import { renderInspect, renderSummary } from "./render/container.ts";
import { renderLegacyNetwork } from "./render/legacy-network.ts";
import type { ContainersHandler } from "./routes.ts";

/** GET /containers/json */
export const listContainers: ContainersHandler = async (containers, request) => {
  const { query } = request;
  const selected = selectContainers(await containers.list(), {
    filters: dockerApi.parseFilters(query.text("filters"), containerFilterNames),
    all: query.flag("all"),
    limit: query.integer("limit") ?? 0,
  });
  const now = Date.now();
  const wantSizes = query.flag("size");
  const summaries = selected.map(async (container) => {
    const sizes = wantSizes ? await containers.sizes(container.id) : undefined;
    const summary = renderSummary(container, now, sizes);
    return request.version < 52 ? { ...summary, Health: undefined } : summary;
  });
  return json(await Promise.all(summaries));
};

/** GET /containers/{id}/json */
export const inspectContainer: ContainersHandler = async (containers, request) => {
  const container = await containers.get(idOf(request));
  const inspected = await inspect(containers, container, request.query.flag("size"));
  if (request.version >= 52) return json(inspected);
  const NetworkSettings = { ...renderLegacyNetwork(container), ...inspected.NetworkSettings };
  return json({ ...inspected, NetworkSettings });
};

async function inspect(containers: ContainersPort, container: Container, wantSizes: boolean) {
  return renderInspect(container, wantSizes ? await containers.sizes(container.id) : undefined);
}
