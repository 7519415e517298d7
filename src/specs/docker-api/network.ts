import * as v from "valibot";
import { endpoint } from "./create-body.ts";
import { flag, optional, struct, text, textMap } from "./fields.ts";
import { parseJson } from "./parse.ts";

const createBody = struct({
  Name: text,
  Driver: optional(text),
  Internal: optional(flag),
  Attachable: optional(flag),
  EnableIPv4: optional(flag),
  EnableIPv6: optional(flag),
  IPAM: optional(
    struct({
      Driver: optional(text),
      Config: optional(
        v.array(
          struct({
            Subnet: optional(text),
            IPRange: optional(text),
            Gateway: optional(text),
            AuxiliaryAddresses: optional(textMap),
          }),
        ),
      ),
    }),
  ),
  Options: optional(textMap),
  Labels: optional(textMap),
});

/** The body of POST /networks/create. Source: swagger.yaml, operation `NetworkCreate`. */
export type NetworkCreateBody = v.InferOutput<typeof createBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseNetworkCreateBody(body: string): NetworkCreateBody {
  return parseJson(createBody, body, "the network create body");
}

const connectBody = struct({ Container: text, EndpointConfig: optional(endpoint) });

/** The body of POST /networks/{id}/connect. Source: swagger.yaml, operation `NetworkConnect`. */
export type NetworkConnectBody = v.InferOutput<typeof connectBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseNetworkConnectBody(body: string): NetworkConnectBody {
  return parseJson(connectBody, body, "the network connect body");
}

const disconnectBody = struct({ Container: text, Force: optional(flag) });

/** The body of POST /networks/{id}/disconnect. Source: swagger.yaml, operation `NetworkDisconnect`. */
export type NetworkDisconnectBody = v.InferOutput<typeof disconnectBody>;

/** @throws DOCKER_API_BODY with the JSON pointer of the first wrong field */
export function parseNetworkDisconnectBody(body: string): NetworkDisconnectBody {
  return parseJson(disconnectBody, body, "the network disconnect body");
}

/** Answer to GET /tug/networks/explain: who can reach a port of the machine that leads to containers, and why. */
export type PortExplained = {
  readonly Port: number;
  readonly Protocol: "tcp" | "udp" | "sctp";
  /** Addresses at which programs of the machine wait for somebody there. */
  readonly Listeners: readonly string[];
  readonly Publications: readonly {
    readonly Container: { readonly Id: string; readonly Name: string };
    readonly Network: string;
    /** 0.0.0.0 and :: are all of the machine's. */
    readonly HostAddress: string;
    readonly ContainerAddress: string;
    readonly ContainerPort: number;
    readonly Reach: readonly {
      readonly From: "this machine" | "other machines" | "containers of the network" | "other containers";
      /** Where they try: `127.0.0.1:8080`, at all addresses `*:8080` */
      readonly At: string;
      /** `perhaps` is what rules of others decide. */
      readonly Answer: "yes" | "no" | "perhaps";
      readonly Because: string;
    }[];
  }[];
};

/** Answer to POST /networks/create. */
export type NetworkCreated = { readonly Id: string; readonly Warning: string };

/** A network in answers. Source: swagger.yaml, `Network`. */
export type Network = {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: "local";
  readonly Driver: string;
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: Readonly<Record<string, string>> | null;
    readonly Config: readonly {
      readonly Subnet: string;
      readonly Gateway?: string;
      readonly IPRange?: string;
      readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
    }[];
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: { readonly Network: string };
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, NetworkContainer>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
};

/** A container that is connected to a network. */
export type NetworkContainer = {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress: string;
  readonly IPv4Address: string;
  readonly IPv6Address: string;
};

/** Answer to POST /networks/prune. */
export type NetworksPruned = { readonly NetworksDeleted: readonly string[] | null };
