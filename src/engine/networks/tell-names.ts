import { existsSync } from "node:fs";
import type { Endpoint } from "../../network/index.ts";
import { type NetworkNames, networkFilePaths, writeNames } from "../containers/network-files.ts";
import type { ContainerRecord } from "../containers/record.ts";
import type { EngineContext } from "../context.ts";
import { nameServersOf } from "./connect.ts";
import { linkLines, linksOf } from "./links.ts";
import { isSilent, peerLines } from "./peers.ts";

type TellContext = Pick<EngineContext, "networks" | "store" | "layout">;
type OthersContext = TellContext & Pick<EngineContext, "logger">;

/**
 * What a container is told of its own names and addresses, of others, and whom it asks. To be written before anything else
 * is waited for: whoever comes then writes it anew.
 */
export async function namesOf(
  context: TellContext,
  record: ContainerRecord,
): Promise<NetworkNames & { readonly hostname: string }> {
  const { networks } = context;
  const { id, request } = record;
  const endpoints = networks.endpoints({ container: id });
  const servers = await nameServersOf(context, endpoints.length === 0 ? undefined : { endpoints });
  return {
    hostname: request.hostname || id.slice(0, 12),
    addresses: endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== undefined),
    lines: [...linkLines(context, record), ...peerLines(context, record)],
    servers,
  };
}

/** Writes the files anew that tell a container about names, which it sees while it runs. */
export async function tellNames(context: TellContext, record: ContainerRecord): Promise<void> {
  writeNames(context.layout.container(record.id), record.request, await namesOf(context, record));
}

/** Tells others that a container has other addresses than before. What fails is theirs, and logged. */
export async function tellOthers(context: OthersContext, { id }: Pick<ContainerRecord, "id">): Promise<void> {
  for (const record of context.store.listLinked()) {
    if (linksOf(context, record).some(({ target }) => target.id === id)) await tell(context, record);
  }
  await tellPeers(context, context.networks.endpoints({ container: id }));
}

/** Tells those who have no other way to know that somebody came to these places in networks, or left them. */
export async function tellPeers(context: OthersContext, places: readonly Endpoint[]): Promise<void> {
  const { networks, store } = context;
  const silent = new Set(
    networks
      .list()
      .filter(isSilent)
      .map(({ id }) => id),
  );
  for (const { container: id, network } of places) {
    if (!silent.has(network)) continue;
    for (const { container } of networks.endpoints({ network })) {
      const record = container === id ? undefined : store.get(container);
      if (record !== undefined) await tell(context, record);
    }
  }
}

/** One that starts and has no files yet will write them with all that is known then. */
async function tell(context: OthersContext, record: ContainerRecord): Promise<void> {
  const isUp = ["starting", "running", "paused"].includes(record.state.status);
  if (!isUp || !existsSync(networkFilePaths(context.layout.container(record.id)).hosts)) return;
  await tellNames(context, record).catch((error: unknown) =>
    context.logger.log("warn", "network.names", { container: record.id, error: String(error) }),
  );
}
