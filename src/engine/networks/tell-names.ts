import { existsSync } from "node:fs";
import type { Endpoint, Network } from "../../network/index.ts";
import {
  type HostNames,
  type NetworkNames,
  networkFilePaths,
  writeHosts,
  writeNames,
} from "../containers/network-files.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { nameServersOf } from "./connect.ts";
import { linkLines, linksOf } from "./links.ts";
import { hostNameOf } from "./owner.ts";
import { isSilent, type NetworkLines, networkLines, peerLines } from "./peers.ts";

type TellContext = Pick<EngineContext, "networks" | "store" | "layout">;
type OthersContext = TellContext & Pick<EngineContext, "logger">;

/**
 * What a container is told of its own names and addresses, of others, and whom it asks. To be written at once: whoever comes
 * then writes it anew.
 *
 * @param endpoints the container's own
 */
export function namesOf(
  context: TellContext,
  record: ContainerRecord,
  endpoints: readonly Endpoint[],
): NetworkNames {
  const joined = endpoints.map(({ network }) => context.networks.find(network));
  const servers = nameServersOf(joined);
  const linesOn = networkLines(context.networks);
  return { ...hostNamesOf(context, record, { endpoints, joined, linesOn }), servers };
}

/** Writes the files anew that tell a container about names, which it sees while it runs. */
export function tellNames(context: TellContext, record: ContainerRecord): void {
  const { networks, layout } = context;
  const names = namesOf(context, record, networks.endpoints({ container: record.id }));
  writeNames(layout.containerRun(record.id), record.request, names);
}

/**
 * Tells others that a container has come to these places in networks, or left them, or has another name. What fails is
 * theirs, and logged.
 */
export function tellOthers(
  context: OthersContext,
  { id }: Pick<ContainerRecord, "id">,
  endpoints: readonly Endpoint[],
): void {
  const linesOn = networkLines(context.networks);
  for (const record of context.store.listLinked()) {
    if (linksOf(context, record).some(({ target }) => target.id === id)) tell(context, record, linesOn);
  }
  tellPeers(context, endpoints);
}

/** Tells those who have no other way to know that somebody came to these places in networks, or left them. */
export function tellPeers(context: OthersContext, places: readonly Endpoint[]): void {
  if (places.length === 0) return;
  const { networks, store } = context;
  const linesOn = networkLines(networks);
  const concerned = new Set(places.map(({ network }) => network));
  const silent = networks.list().filter((network) => concerned.has(network.id) && isSilent(network));
  const peers = new Set(silent.flatMap(linesOn).map(({ container }) => container));
  for (const { container } of places) peers.delete(container);
  for (const container of peers) {
    const record = store.get(container);
    if (record !== undefined) tell(context, record, linesOn);
  }
}

/**
 * Only whom it knows has changed, not whom it asks: what it wrote into its resolv.conf stays. One that starts and has no
 * files yet will write them with all that is known then.
 */
function tell(context: OthersContext, record: ContainerRecord, linesOn: NetworkLines): void {
  const { networks, layout, logger } = context;
  const { id, state, request } = record;
  const isUp = ["starting", "running", "paused"].includes(state.status);
  const directory = layout.containerRun(id);
  if (!isUp || !existsSync(networkFilePaths(directory).hosts)) return;
  try {
    const endpoints = networks.endpoints({ container: id });
    const joined = endpoints.map(({ network }) => networks.find(network));
    writeHosts(directory, request, hostNamesOf(context, record, { endpoints, joined, linesOn }));
  } catch (error) {
    logger.log("warn", "network.names", { container: id, error: String(error) });
  }
}

function hostNamesOf(
  context: TellContext,
  record: ContainerRecord,
  on: { endpoints: readonly Endpoint[]; joined: readonly Network[]; linesOn: NetworkLines },
): HostNames {
  const { id } = record;
  return {
    hostname: hostNameOf(context.store, record),
    addresses: on.endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== undefined),
    lines: [...linkLines(context, record), ...peerLines(id, on.joined, on.linesOn)],
  };
}
