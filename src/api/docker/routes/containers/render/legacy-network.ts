import type { Container } from "../../../../../engine/index.ts";
import type { dockerApi } from "../../../../../specs/index.ts";

/**
 * What API versions before 1.52 told of the predefined network outside of `Networks`, where scripts still look for it.
 * Source: version history of the API, 1.52.
 */
export function renderLegacyNetwork({
  networks,
}: Pick<Container, "networks">): dockerApi.LegacyNetworkSettings {
  const endpoint = networks.bridge;
  return {
    Bridge: "",
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: endpoint?.endpointId ?? "",
    Gateway: endpoint?.gateway ?? "",
    GlobalIPv6Address: endpoint?.ipv6Address ?? "",
    GlobalIPv6PrefixLen: endpoint?.ipv6PrefixLength ?? 0,
    IPAddress: endpoint?.ipAddress ?? "",
    IPPrefixLen: endpoint?.ipPrefixLength ?? 0,
    IPv6Gateway: endpoint?.ipv6Gateway ?? "",
    MacAddress: endpoint?.macAddress ?? "",
  };
}
