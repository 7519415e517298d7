import { answersNames, DEFAULT_NETWORK, type Endpoint, type Network } from "../../network/index.ts";
import type { EngineContext } from "../context.ts";

type PeerContext = Pick<EngineContext, "networks">;

/** Whether others of a network are lines of /etc/hosts: nobody is there who could answer names. */
export function isSilent(network: Network): boolean {
  return !answersNames(network) && network.name !== DEFAULT_NETWORK;
}

/** Lines for /etc/hosts about those that a container shares a network with. One that is answered names needs none. */
export function peerLines({ networks }: PeerContext, { id }: { readonly id: string }): string[] {
  const joined = networks.endpoints({ container: id }).map(({ network }) => networks.find(network));
  if (joined.some(answersNames)) return [];
  return joined.filter(isSilent).flatMap((network) =>
    networks
      .endpoints({ network: network.id })
      .filter(({ container }) => container !== id)
      .flatMap((peer) => linesAbout(network, peer)),
  );
}

/** By the same names as are answered elsewhere; what is none would be something else in the file. */
function linesAbout({ name }: Network, { ipv4, ipv6, aliases }: Endpoint): string[] {
  const names = aliases
    .filter((alias) => /^[\w.-]+$/.test(alias))
    .flatMap((alias) => [alias, `${alias}.${name}`]);
  return [ipv4, ipv6].flatMap((address) =>
    address === undefined ? [] : `${address}\t${[...new Set(names)].join(" ")}`,
  );
}
