import { isIPv4 } from "node:net";
import { dockerApi } from "../../../../specs/index.ts";
import { json } from "../../answer.ts";
import { doorError } from "../../errors.ts";
import { fitsFilters, matchesLabel } from "../../filters.ts";
import { readPruneFilter } from "../../prune-filter.ts";
import { idOf } from "../containers/lifecycle.ts";
import type { NetworkView } from "./port.ts";
import { renderNetwork } from "./render.ts";
import type { NetworksHandler } from "./routes.ts";

/** A description of a network has no reason to be longer. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Options of Docker's bridge driver that have a meaning here. */
const optionNames = {
  mtu: "com.docker.network.driver.mtu",
  open: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  binding: "com.docker.network.bridge.host_binding_ipv4",
  bridge: "com.docker.network.bridge.name",
} as const;

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
  const driver = body.Driver || "bridge";
  if (driver !== "bridge") {
    throw doorError(
      "CREATE_UNSUPPORTED",
      `could not find plugin ${driver} in v1 plugin registry: plugin not found`,
      {
        hint: "leave --driver out: networks are bridges",
      },
    );
  }
  const { mtu, open, masquerade, binding, bridge } = optionsOf(body.Options ?? {});
  const { id } = await networks.create({
    name: body.Name,
    internal: body.Internal ?? false,
    ipv6: body.EnableIPv6 ?? false,
    labels: body.Labels ?? {},
    options: body.Options ?? {},
    pools: (body.IPAM?.Config ?? []).map(({ Subnet, Gateway, IPRange }) => ({
      ...(Subnet && { subnet: Subnet }),
      ...(Gateway && { gateway: Gateway }),
      ...(IPRange && { range: IPRange }),
    })),
    ...(mtu !== undefined && { mtu }),
    ...(open !== undefined && { open }),
    ...(masquerade !== undefined && { masquerade }),
    ...(binding !== undefined && { binding }),
    ...(bridge !== undefined && { bridge }),
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
    (driver === "bridge" && Object.keys(containers).length === 0) === (value === "true" || value === "1"),
  driver: ({ driver }, value) => driver === value,
  id: ({ id }, value) => id.includes(value),
  label: ({ labels }, value) => matchesLabel(labels, value),
  name: ({ name }, value) => name.includes(value),
  scope: (_, value) => value === "local",
  type: ({ name }, value) => (value === "builtin") === ["bridge", "host", "none"].includes(name),
};

/** Options without a meaning here are kept on record. */
function optionsOf(options: Readonly<Record<string, string>>) {
  const mtu = options[optionNames.mtu];
  const open = options[optionNames.open];
  if (mtu !== undefined && !/^\d{2,5}$/.test(mtu)) {
    throw doorError("CREATE_VALUE", `"${mtu}" is no size for ${optionNames.mtu}`);
  }
  const masquerade = options[optionNames.masquerade];
  const binding = options[optionNames.binding];
  if (binding !== undefined && !isIPv4(binding)) {
    throw doorError("CREATE_VALUE", `"${binding}" is no address of IPv4 for ${optionNames.binding}`);
  }
  const bridge = options[optionNames.bridge];
  if (bridge !== undefined && !/^[A-Za-z0-9_.-]{1,15}$/.test(bridge)) {
    throw doorError("CREATE_VALUE", `"${bridge}" is no name for a bridge`, {
      hint: "at most 15 letters, digits, and _ . -",
    });
  }
  return {
    mtu: mtu === undefined ? undefined : Number(mtu),
    open: open === undefined ? undefined : open !== "false",
    masquerade: masquerade === undefined ? undefined : masquerade !== "false",
    binding,
    bridge,
  };
}
