import type { Networks } from "../../network/index.ts";
import { parseIp } from "../../network/index.ts";
import type { CreateContainerRequest } from "../model/create-request.ts";

/**
 * Checks that there are the networks that a container shall be on, and that the addresses of its ports are some.
 *
 * @throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS, NETWORK_ADDRESS
 */
export function checkNetworks(networks: Pick<Networks, "find">, { network }: CreateContainerRequest): void {
  if (network.mode.kind !== "named") return;
  networks.find(network.mode.name);
  for (const endpoint of network.endpoints) networks.find(endpoint.network);
  for (const { hostAddress } of network.ports) if (hostAddress !== "") parseIp(hostAddress);
}
