import {
  answersNames,
  DEFAULT_NETWORK,
  type Endpoint,
  type Network,
  type Networks,
} from "../../network/index.ts";

/** Whether others of a network are lines of /etc/hosts: nobody is there who could answer names. */
export function isSilent(network: Network): boolean {
  return !answersNames(network) && network.name !== DEFAULT_NETWORK;
}

/** Lines for /etc/hosts about everybody on a network, each with whom they are about. */
export type NetworkLines = (
  network: Network,
) => readonly { readonly container: string; readonly lines: readonly string[] }[];

/** Reads who is on a network when it is first asked about it. For as long as nothing is waited for: others come and go. */
export function networkLines({ endpoints }: Pick<Networks, "endpoints">): NetworkLines {
  const known = new Map<string, ReturnType<NetworkLines>>();
  return (network) => {
    const lines =
      known.get(network.id) ??
      endpoints({ network: network.id }).map((peer) => ({
        container: peer.container,
        lines: linesAbout(network, peer),
      }));
    known.set(network.id, lines);
    return lines;
  };
}

/**
 * Lines for /etc/hosts about those that a container shares a network with. One that is answered names needs none.
 *
 * @param joined the container's networks
 */
export function peerLines(id: string, joined: readonly Network[], linesOn: NetworkLines): string[] {
  if (joined.some(answersNames)) return [];
  return joined
    .filter(isSilent)
    .flatMap(linesOn)
    .flatMap(({ container, lines }) => (container === id ? [] : lines));
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
