/** Who can reach a port of the machine that leads to containers, and why. */
export type PortExplanation = {
  readonly port: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Addresses at which programs of the machine wait for somebody there. */
  readonly listeners: readonly string[];
  readonly publications: readonly PublicationExplanation[];
};

/** One place where the port is published. */
export type PublicationExplanation = {
  readonly container: { readonly id: string; readonly name: string };
  readonly network: string;
  /** 0.0.0.0 and :: are all of the machine's. */
  readonly hostAddress: string;
  readonly containerAddress: string;
  readonly containerPort: number;
  readonly reach: readonly Reach[];
};

/** How somebody fares who tries. `perhaps` is what rules of others decide. */
export type Reach = {
  readonly from: "this machine" | "other machines" | "containers of the network" | "other containers";
  /** Where they try: `127.0.0.1:8080`, at all addresses `*:8080` */
  readonly at: string;
  readonly answer: "yes" | "no" | "perhaps";
  readonly because: string;
};
