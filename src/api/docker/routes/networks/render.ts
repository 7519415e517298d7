import type { dockerApi } from "../../../../specs/index.ts";
import type { NetworkView } from "./port.ts";

/** A network as the API shows it. Source: swagger.yaml, `Network`. */
export function renderNetwork(network: NetworkView): dockerApi.Network {
  const { id, name, createdAt, driver, internal, ipv6, labels, options, pools, containers } = network;
  return {
    Name: name,
    Id: id,
    Created: createdAt,
    Scope: "local",
    Driver: driver,
    EnableIPv4: true,
    EnableIPv6: ipv6,
    IPAM: {
      Driver: "default",
      Options: null,
      Config: pools.map(({ subnet, gateway, range, reserved }) => ({
        Subnet: subnet,
        ...(gateway !== undefined && { Gateway: gateway }),
        ...(range !== undefined && { IPRange: range }),
        ...(reserved !== undefined && { AuxiliaryAddresses: reserved }),
      })),
    },
    Internal: internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      Object.entries(containers).map(([container, endpoint]) => [
        container,
        {
          Name: endpoint.name,
          EndpointID: container.slice(0, 32) + id.slice(0, 32),
          MacAddress: endpoint.mac,
          IPv4Address: endpoint.ipv4,
          IPv6Address: endpoint.ipv6,
        },
      ]),
    ),
    Options: options,
    Labels: labels,
  };
}
