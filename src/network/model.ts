import type { IpvlanFlag, IpvlanMode, MacvlanMode } from "./netlink/parented-link.ts";
import type { TokenBucket } from "./netlink/queue.ts";
import type { Protocol } from "./nftables/ruleset.ts";

/** The network that containers are on where nobody says otherwise. Names are not answered there. */
export const DEFAULT_NETWORK = "bridge";

/** A network of containers, with one or two subnets. Plain JSON; addresses as text. */
export type Network = BridgeNetwork | MacvlanNetwork | IpvlanNetwork;

/** What networks of all drivers have. */
type NetworkBase = {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  /** Nothing leaves it and nothing comes in. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** At most one per version of IP. */
  readonly pools: readonly AddressPool[];
  /** What each of its containers may send and receive; left out: as much as there is. */
  readonly bandwidth?: Bandwidth;
};

/** Limits of a container's link, as the container sees it. */
export type Bandwidth = { readonly ingress?: TokenBucket; readonly egress?: TokenBucket };

/** Containers behind a bridge, for which the machine is the router. */
export type BridgeNetwork = NetworkBase & {
  readonly driver: "bridge";
  /** The link that is the bridge. */
  readonly bridge: string;
  /** Whether its containers may talk to each other. */
  readonly open: boolean;
  /** Whether what leaves it gets the machine's address; left out: yes. */
  readonly masquerade?: boolean;
  /** Where ports are published that name no address; left out: at all of the machine's. */
  readonly binding?: string;
  readonly mtu: number;
};

/** Containers beside the machine, on the network of one of its links. */
type ParentedNetwork = NetworkBase & {
  /** The link that containers' links are made on top of. */
  readonly parent: string;
  /** Left out: the parent's. */
  readonly mtu?: number;
};

/** Its containers have hardware addresses of their own there. */
export type MacvlanNetwork = ParentedNetwork & { readonly driver: "macvlan"; readonly mode: MacvlanMode };

/** Its containers have the parent's hardware address. */
export type IpvlanNetwork = ParentedNetwork & {
  readonly driver: "ipvlan";
  readonly mode: IpvlanMode;
  readonly flag: IpvlanFlag;
};

export function isBridge(network: Network): network is BridgeNetwork {
  return network.driver === "bridge";
}

export function hasIpv6({ pools }: Network): boolean {
  return pools.some(({ subnet }) => subnet.includes(":"));
}

/** Where a network's addresses come from. */
export type AddressPool = {
  /** `172.17.0.0/16` */
  readonly subnet: string;
  /** Where what leaves the network goes: the bridge's own address, or that of a router beside the machine, if one is known. */
  readonly gateway?: string;
  /** The part of the subnet that addresses are given out from; left out: all of it. */
  readonly range?: string;
  /** Addresses that are others' already, by what these are called. */
  readonly reserved?: Readonly<Record<string, string>>;
};

/** What somebody wants of a new network. */
export type NetworkRequest = {
  readonly name: string;
  readonly internal?: boolean;
  readonly ipv6?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
  readonly bandwidth?: Bandwidth;
  /** Left out: subnets that nobody uses. */
  readonly pools?: readonly {
    readonly subnet?: string;
    readonly gateway?: string;
    readonly range?: string;
    readonly reserved?: Readonly<Record<string, string>>;
  }[];
} & DriverRequest;

/** What somebody wants of a network's driver. */
export type DriverRequest = BridgeRequest | MacvlanRequest | IpvlanRequest;

export type BridgeRequest = {
  readonly driver?: "bridge";
  readonly open?: boolean;
  readonly masquerade?: boolean;
  readonly binding?: string;
  readonly mtu?: number;
  /** Name of the bridge; left out: one made from the id. */
  readonly bridge?: string;
};

type ParentedRequest = {
  /** A link of the machine, or one for a VLAN of one: `eth0.10`. Left out: one of its own that leads nowhere. */
  readonly parent?: string;
  readonly mtu?: number;
};

export type MacvlanRequest = ParentedRequest & { readonly driver: "macvlan"; readonly mode?: MacvlanMode };

export type IpvlanRequest = ParentedRequest & {
  readonly driver: "ipvlan";
  readonly mode?: IpvlanMode;
  readonly flag?: IpvlanFlag;
};

/** A container's connection to a network, while it runs. */
export type Endpoint = {
  readonly container: string;
  readonly network: string;
  /** Name of the link in the container: eth0, eth1 ... */
  readonly interface: string;
  /** Name of its other end on the host, where it has one. */
  readonly link?: string;
  /** `02:42:ac:11:00:02`; empty: that of the network's parent. */
  readonly mac: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** Names by which others of the network find it, the container's own first. */
  readonly aliases: readonly string[];
  /** Of the container's connections the default route leads through one with the highest number. Left out: 0. */
  readonly gatewayPriority?: number;
  /** Names that only this container knows, of any of its networks. Left out: none. */
  readonly links?: readonly NameLink[];
};

/** Another name for one by which a container of a network is found. */
export type NameLink = { readonly alias: string; readonly name: string };

/** A port of the host that leads to a container. The addresses 0.0.0.0 and :: are all of the host's. */
export type Publication = {
  readonly container: string;
  readonly protocol: Protocol;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
};
