import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import { readPruneFilter } from "../../prune-filter.ts";
import { idOf } from "../containers/lifecycle.ts";
import { readBandwidth } from "./bandwidth.ts";
import { readDriver } from "./driver-options.ts";
import type { NetworkView } from "./port.ts";
import { renderNetwork } from "./render.ts";
import type { NetworksHandler } from "./routes.ts";

/** A description of a network has no reason to be longer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** GET /networks */
export const listNetworks: NetworksHandler = async (networks, request) => {
  const filters = dockerApi.parseFilters(request.query.text("filters"), Object.keys(matchers));
  const fits = (network: NetworkView): boolean =>
    fitsFilters(filters, (name, value) => matchers[name]?.(network, value) ?? false);
  return json((await networks.list()).filter(fits).map(renderNetwork));
};

/** GET /networks/{id} */
export const inspectNetwork: NetworksHandler = async (networks, request) =>
  json(renderNetwork(await networks.get(idOf(request))));

/** POST /networks/create */
export const createNetwork: NetworksHandler = async (networks, request) => {
  const body = dockerApi.parseNetworkCreateBody(await request.body.json(MAX_BODY_BYTES));
  const { id } = await networks.create({
    ...readDriver(body.Driver || "bridge", body.Options ?? {}),
    name: body.Name,
    internal: body.Internal ?? false,
    ipv6: body.EnableIPv6 ?? false,
    labels: body.Labels ?? {},
    options: body.Options ?? {},
    bandwidth: readBandwidth(body.Options ?? {}),
    pools: (body.IPAM?.Config ?? []).map(({ Subnet, Gateway, IPRange, AuxiliaryAddresses }) => ({
      ...(Subnet && { subnet: Subnet }),
      ...(Gateway && { gateway: Gateway }),
      ...(IPRange && { range: IPRange }),
      ...(AuxiliaryAddresses && { reserved: AuxiliaryAddresses }),
    })),
  });
  const created: dockerApi.NetworkCreated = { Id: id, Warning: "" };
  return json(created, 201);
};

/** DELETE /networks/{id} */
export const removeNetwork: NetworksHandler = async (networks, request) => {
  await networks.remove(idOf(request));
  return { kind: "empty", status: 204 };
};

/** POST /networks/prune */
export const pruneNetworks: NetworksHandler = async (networks, request) => {
  const { fits } = readPruneFilter(request.query);
  const pruned = await networks.prune(fits);
  const answer: dockerApi.NetworksPruned = { NetworksDeleted: pruned };
  return json(answer);
};

type Matcher = (network: NetworkView, value: string) => boolean;

const matchers: Readonly<Record<string, Matcher>> = {
  dangling: ({ containers, driver }, value) =>
    (driver !== "host" && driver !== "null" && Object.keys(containers).length === 0) ===
    (value === "true" || value === "1"),
  driver: ({ driver }, value) => driver === value,
  id: ({ id }, value) => id.includes(value),
  label: ({ labels }, value) => matchesLabel(labels, value),
  name: ({ name }, value) => name.includes(value),
  scope: (_, value) => value === "local",
  type: ({ name }, value) => (value === "builtin") === ["bridge", "host", "none"].includes(name),
};
