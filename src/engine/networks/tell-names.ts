import type { Endpoint } from "../../network/index.ts";
import { type NetworkNames, writeNames } from "../containers/network-files.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { nameServersOf } from "./connect.ts";
import { knownLinkLines, linksOf } from "./links.ts";

type TellContext = Pick<EngineContext, "networks" | "store" | "layout">;

/** What a container is told of its own names and addresses, and whom it asks for others. */
export async function namesOf(
  context: Pick<EngineContext, "networks">,
  { id, request }: Pick<ContainerRecord, "id" | "request">,
  endpoints: readonly Endpoint[],
): Promise<Omit<NetworkNames, "lines"> & { readonly hostname: string }> {
  return {
    hostname: request.hostname || id.slice(0, 12),
    addresses: endpoints.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== undefined),
    servers: await nameServersOf(context, endpoints.length === 0 ? undefined : { endpoints }),
  };
}

/** Writes the files anew that tell a container about names, which it sees while it runs. */
export async function tellNames(context: TellContext, record: ContainerRecord): Promise<void> {
  const { networks, layout } = context;
  const endpoints = networks.endpoints({ container: record.id });
  const names = await namesOf(context, record, endpoints);
  writeNames(layout.container(record.id), record.request, {
    ...names,
    lines: knownLinkLines(context, record),
  });
}

/** Tells those that are linked to a container and run that it may have another address. What fails is theirs, and logged. */
export async function tellLinkers(
  context: TellContext & Pick<EngineContext, "logger">,
  { id }: Pick<ContainerRecord, "id">,
): Promise<void> {
  for (const record of context.store.listLinked()) {
    if (!isRunning(record) || !linksOf(context, record).some(({ target }) => target.id === id)) continue;
    await tellNames(context, record).catch((error: unknown) =>
      context.logger.log("warn", "network.links", { container: record.id, error: String(error) }),
    );
  }
}
