/** A network as the doors show it; `host` and `none` are networks too. */
export type NetworkView = {
  readonly id: string;
  readonly name: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly driver: "bridge" | "macvlan" | "ipvlan" | "host" | "null";
  readonly internal: boolean;
  readonly ipv6: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  readonly pools: readonly {
    readonly subnet: string;
    readonly gateway?: string;
    readonly range?: string;
    readonly reserved?: Readonly<Record<string, string>>;
  }[];
  /** The containers that are connected to it, by id; addresses with the length of their prefix. */
  readonly containers: Readonly<
    Record<
      string,
      { readonly name: string; readonly mac: string; readonly ipv4: string; readonly ipv6: string }
    >
  >;
};
