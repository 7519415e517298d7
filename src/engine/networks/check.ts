import { type Networks, parseIp } from "../../network/index.ts";
import { engineError } from "../errors.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";
import type { EndpointRequest } from "./connect.ts";

/**
 * Checks that there are the networks that a container shall be on, and that all addresses are some.
 *
 * @throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS, NETWORK_ADDRESS, ENGINE_REQUEST
 */
export function checkNetworks(networks: Pick<Networks, "find">, { network }: CreateContainerRequest): void {
  if (network.mode.kind !== "named") return;
  networks.find(network.mode.name);
  for (const endpoint of network.endpoints) {
    networks.find(endpoint.network);
    checkEndpoint(endpoint);
  }
  for (const { hostAddress } of network.ports) if (hostAddress !== "") parseIp(hostAddress);
}

/** Checks the addresses that a container shall have on a network. @throws NETWORK_ADDRESS, ENGINE_REQUEST */
export function checkEndpoint({ ipv4, ipv6, mac }: EndpointRequest): void {
  for (const address of [ipv4, ipv6]) if (address !== undefined) parseIp(address);
  if (mac === undefined || /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) return;
  throw engineError(
    "REQUEST",
    `cannot use the hardware address ${JSON.stringify(mac)}: it is not six pairs of hexadecimal digits`,
    { hint: "write it like 02:42:ac:11:00:02" },
  );
}
