import type { Op, Slot } from "../../plan/index.ts";
import type { HostNetwork } from "../host.ts";
import type { DriverRequest, Endpoint, Network } from "../model.ts";
import type { TokenBucket } from "../netlink/queue.ts";

/**
 * What a kind of network is in the kernel. A driver keeps nothing: what it has made is found by its name, so that an engine
 * goes on with what the one before it has made.
 */
export interface NetworkDriver<N extends Network = Network, R extends DriverRequest = DriverRequest> {
  /** The machine is the router of such networks: it has the gateway's address, answers names there and publishes ports. */
  readonly routedHere: boolean;
  /** Looks whether the machine has what a network shall be made on. @throws NETWORK_PARENT */
  check(host: HostNetwork, request: R): Promise<void>;
  /**
   * What is the driver's own of a network that is to be put on record.
   *
   * @throws NETWORK_ADDRESS, NETWORK_PARENT_TAKEN
   */
  settle(request: R, among: { readonly id: string; readonly others: readonly Network[] }): DriverSettings<N>;
  /** Name of the link of the host that the containers' links are ports of, or made on. */
  uplink(network: N): string;
  /** Makes that link, or takes up the one that is there. Returns its index. @throws NETWORK_PARENT, RUNTIME_NETWORK */
  makeUplink(host: HostNetwork, network: N): Promise<number>;
  /** Removes the link, unless it is the machine's own or another network needs it; that there is none is no failure. */
  removeUplink(host: HostNetwork, network: N, others: readonly Network[]): Promise<void>;
  /** What a container's link will be called, and its hardware address. @throws NETWORK_ADDRESS */
  nameLink(network: N, wish: LinkWish): Pick<Endpoint, "link" | "mac">;
  /** Ops that make a container's link in a namespace, where it is not up yet. */
  linkOps(connection: Connection<N>, namespace: Slot): Op[];
  /** Slows down what a container is sent, when its link is there; left out: the driver cannot. @throws RUNTIME_NETWORK */
  limitIngress?(
    host: HostNetwork,
    connection: Pick<Connection<N>, "endpoint" | "network">,
    limit: TokenBucket,
  ): Promise<void>;
  /** Whether the default route leads out by the link, for whoever has the address, and not to the gateway. */
  routesOnLink(network: N): boolean;
}

/** A network without what is the same for all drivers; one may say that it is internal though nobody asked for that. */
export type DriverSettings<N> = N extends Network
  ? Omit<N, "id" | "name" | "createdAt" | "internal" | "labels" | "options" | "pools" | "bandwidth"> & {
      readonly internal?: true;
    }
  : never;

export type LinkWish = {
  readonly container: string;
  readonly ipv4: string | undefined;
  /** Hardware address that somebody asked for. */
  readonly mac: string | undefined;
};

/** One connection that is to be made. */
export type Connection<N extends Network = Network> = {
  readonly endpoint: Endpoint;
  readonly network: N;
  /** Index of the network's link on the host. */
  readonly uplink: number;
};
