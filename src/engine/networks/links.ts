import { DEFAULT_NETWORK } from "../../network/index.ts";
import type { ContainerRecord } from "../containers/record.ts";
import { isRunning } from "../containers/stop.ts";
import type { EngineContext } from "../context.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest, LinkRequest } from "../model/create-request.ts";
import type { EndpointRequest } from "./connect.ts";
import { networkOwner } from "./owner.ts";

/**
 * Links are names that one container has for another. On a network that answers names they are answered too, and lead to
 * whoever has the other name then. On the predefined network they are lines of /etc/hosts, about one container on record.
 */
type LinkContext = Pick<EngineContext, "networks" | "store">;

/** A request whose links say whom they mean. @throws ENGINE_LINK, ENGINE_CONTAINER_AMBIGUOUS */
export function withLinks(context: LinkContext, request: CreateContainerRequest): CreateContainerRequest {
  const { endpoints } = request.network;
  if (endpoints.every(({ links = [] }) => links.length === 0)) return request;
  const settled = endpoints.map((endpoint) => ({ ...endpoint, links: settleLinks(context, endpoint) }));
  return { ...request, network: { ...request.network, endpoints: settled } };
}

/** The links of a place in a network, each with whom it means. @throws ENGINE_LINK, ENGINE_CONTAINER_AMBIGUOUS */
export function settleLinks(
  { networks, store }: LinkContext,
  { network, links = [] }: Pick<EndpointRequest, "network" | "links">,
): LinkRequest[] {
  const byId = networks.find(network).name === DEFAULT_NETWORK;
  return links.map(({ container, alias }) => {
    if (byId) return { container: ownNetwork({ store }, existing({ store }, container)).id, alias };
    // Others of a network are found by name and short id.
    return { container: store.get(container) === undefined ? container : container.slice(0, 12), alias };
  });
}

/**
 * Checks that those run that a container is linked to on the predefined network. One that was removed is forgotten.
 *
 * @throws ENGINE_LINK_STOPPED
 */
export function checkLinks(context: LinkContext, record: ContainerRecord): void {
  for (const { target, alias } of linksOf(context, record)) {
    if (isRunning(target)) continue;
    throw engineError(
      "LINK_STOPPED",
      `cannot link to a non running container: /${target.name} AS /${record.name}/${alias}`,
      { hint: `start it first: tug start ${target.name}` },
    );
  }
}

/** Lines for /etc/hosts about those that a container is linked to on the predefined network, as far as they are there. */
export function linkLines(context: LinkContext, record: ContainerRecord): string[] {
  return linksOf(context, record).flatMap(({ target, alias }) => linesAbout(context, target, alias));
}

/** Whom a container is linked to on the predefined network, and by which names. */
export function linksOf(
  { networks, store }: LinkContext,
  { request }: Pick<ContainerRecord, "request">,
): { target: ContainerRecord; alias: string }[] {
  return request.network.endpoints
    .filter(({ links = [], network }) => links.length > 0 && isDefault(networks, network))
    .flatMap(({ links = [] }) => links)
    .flatMap(({ container, alias }) => {
      const target = store.get(container);
      return target === undefined ? [] : { target, alias };
    });
}

/** The alias, and by which other names the container is known, as Docker has it. */
function linesAbout({ networks }: LinkContext, target: ContainerRecord, alias: string): string[] {
  const endpoint = networks
    .endpoints({ container: target.id })
    .find(({ network }) => isDefault(networks, network));
  const names = new Set([alias, target.request.hostname || target.id.slice(0, 12), target.name]);
  return [endpoint?.ipv4, endpoint?.ipv6].flatMap((address) =>
    address === undefined ? [] : `${address}\t${[...names].join(" ")}`,
  );
}

function existing({ store }: Pick<LinkContext, "store">, reference: string): ContainerRecord {
  try {
    return store.find(reference);
  } catch (cause) {
    // Not as something that is not found: a client would think of the image.
    throw engineError("LINK", `could not get container for ${reference}: no such container`, {
      cause,
      hint: "make it first, or leave --link out",
    });
  }
}

/** The container whose network another one has, which shares it. @throws ENGINE_LINK */
function ownNetwork({ store }: Pick<LinkContext, "store">, record: ContainerRecord): ContainerRecord {
  const owner = networkOwner(store, record);
  const { mode } = owner.request.network;
  if (mode.kind === "host") {
    throw engineError("LINK", `cannot link to container ${record.name}: it has the host's network`, {
      hint: "the host is reached by its own address",
    });
  }
  if (mode.kind !== "container") return owner;
  throw engineError(
    "LINK",
    `cannot link to container ${record.name}: the network that it shares is nobody's`,
  );
}

function isDefault(networks: LinkContext["networks"], reference: string): boolean {
  try {
    return networks.find(reference).name === DEFAULT_NETWORK;
  } catch {
    return false;
  }
}
