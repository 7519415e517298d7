import { TugError } from "../base/index.ts";
import type { AttachmentParts, PortWish } from "./attachments.ts";
import { networkError } from "./errors.ts";
import { probePort } from "./host-ports.ts";
import { type Endpoint, isBridge, type Publication } from "./model.ts";
import type { NetworkStore } from "./store.ts";

/** How often the kernel is asked for another port where the one that it chose is taken in the other version of IP. */
const ATTEMPTS = 4;

/**
 * Puts the ports on record that a container publishes. Where it has no address of the version of IP that a wish is for, it
 * publishes nothing.
 *
 * @throws NETWORK_PORT_TAKEN, NETWORK_ADDRESS, NETWORK_EXHAUSTED
 */
export async function addPublications(
  { departures, store }: AttachmentParts,
  container: string,
  { endpoints, ports }: { endpoints: readonly Endpoint[]; ports: readonly PortWish[] },
): Promise<Publication[]> {
  const publications: Publication[] = [];
  for (const wish of ports) {
    const places = placesOf(wish, endpoints, bindingOf(store, endpoints));
    if (places.length === 0) continue;
    publications.push(...(await departures.orAfter(() => addPort(store, { container, places, wish }))));
  }
  return publications;
}

/** An address of the machine, and where it leads to. */
type Place = { readonly hostAddress: string; readonly containerAddress: string };

/** The address that the first of the networks prefers, of those that a container's ports can lead to. */
function bindingOf(store: NetworkStore, endpoints: readonly Endpoint[]): string | undefined {
  const [first] = endpoints;
  const network = first && store.find(first.network);
  return network && isBridge(network) ? network.binding : undefined;
}

function placesOf(
  { hostAddress }: PortWish,
  endpoints: readonly Endpoint[],
  binding: string | undefined,
): Place[] {
  const everywhere = binding === undefined || binding === "0.0.0.0" ? ["0.0.0.0", "::"] : [binding];
  const addresses = hostAddress === "" ? everywhere : [hostAddress];
  return addresses.flatMap((address) => {
    const containerAddress = endpoints
      .map(({ ipv4, ipv6 }) => (address.includes(":") ? ipv6 : ipv4))
      .find((ip) => ip !== undefined);
    return containerAddress === undefined ? [] : [{ hostAddress: address, containerAddress }];
  });
}

/** The same port at all places. @throws NETWORK_PORT_TAKEN for the last of the ports where none is free */
async function addPort(
  store: NetworkStore,
  { container, places, wish }: { container: string; places: readonly Place[]; wish: PortWish },
): Promise<Publication[]> {
  const { protocol, containerPort } = wish;
  const isAny = wish.hostPorts.length === 1 && wish.hostPorts[0] === 0;
  const hostPorts = isAny ? Array.from({ length: ATTEMPTS }, () => 0) : wish.hostPorts;
  for (const [index, wanted] of hostPorts.entries()) {
    const added: Publication[] = [];
    try {
      let hostPort = wanted;
      for (const place of places) {
        hostPort = await probePort(protocol, place.hostAddress, hostPort);
        const publication = { container, protocol, hostPort, containerPort, ...place };
        store.addPublication(publication);
        added.push(publication);
      }
      return added;
    } catch (error) {
      for (const publication of added) store.removePublication(publication);
      const isTaken = error instanceof TugError && error.code === "NETWORK_PORT_TAKEN";
      if (!isTaken || index === hostPorts.length - 1) throw error;
    }
  }
  throw networkError("EXHAUSTED", `no port of the host is named for port ${containerPort}/${protocol}`);
}
