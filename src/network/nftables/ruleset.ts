import { type IpAddress, ipBytes, parseSubnet, type Subnet } from "../address/ip.ts";
import type { NetlinkMessage } from "../netlink/datagram.ts";
import {
  compare,
  destinationNat,
  destinationType,
  type Expression,
  family,
  jump,
  linkName,
  lookup,
  masquerade,
  meta,
  payload,
  verdict,
} from "./expression.ts";
import {
  addressIn,
  comesBy,
  destinationAddress,
  established,
  leavesBy,
  ofFamily,
  published,
  toLoopback,
} from "./match.ts";
import {
  type Change,
  deleteElements,
  deleteTable,
  getElements,
  newChain,
  newElements,
  newRule,
  newSet,
  newTable,
  type SetElement,
  type ValueType,
} from "./objects.ts";

/** A network as the packet filter sees it. */
export type FilteredNetwork = {
  /** Name of its bridge. */
  readonly bridge: string;
  readonly subnets: readonly Subnet[];
  /** Nothing leaves it and nothing comes in. */
  readonly internal: boolean;
  /** Whether its containers may talk to each other. */
  readonly open: boolean;
  /** Whether what leaves it gets the machine's address. */
  readonly masquerade: boolean;
};

export type Protocol = "tcp" | "udp" | "sctp";

/** A port of the host that leads to one of a container. */
export type PublishedPort = {
  /** The host's address; undefined: every one of that version of IP. */
  readonly host: IpAddress | undefined;
  readonly hostPort: number;
  readonly protocol: Protocol;
  readonly container: IpAddress;
  readonly containerPort: number;
};

const protocols: Readonly<Record<Protocol, number>> = { tcp: 6, udp: 17, sctp: 132 };
/** Type of a destination that is an address of this machine: RTN_LOCAL. */
const LOCAL = Uint8Array.of(2, 0, 0, 0);
const loopback = parseSubnet("127.0.0.0/8");

/**
 * The whole table, made anew: in one batch it takes the place of the one before. Chains that filter come after those of
 * the host (priority 10), so that what the host drops stays dropped.
 *
 * @param table name of the one table that is ours; whatever else the host filters with is never touched
 */
export function ruleset(
  table: string,
  { networks, ports }: { networks: readonly FilteredNetwork[]; ports: readonly PublishedPort[] },
): Change[] {
  const chain = (name: string, ...rules: readonly (readonly Expression[])[]): Change[] =>
    rules.map((expressions) => newRule(table, name, expressions));
  return [
    newTable(table),
    deleteTable(table),
    newTable(table),
    ...[...maps, bridges].map((set, index) => newSet(table, index + 1, set)),
    ...networks.map(({ bridge }) => newElements(table, bridges.name, [{ key: [linkName(bridge)] }])),
    newChain(table, "publish"),
    newChain(table, "guard", { type: "filter", at: "prerouting", priority: -300 }),
    newChain(table, "prerouting", { type: "nat", at: "prerouting", priority: -100 }),
    newChain(table, "output", { type: "nat", at: "output", priority: -100 }),
    newChain(table, "postrouting", { type: "nat", at: "postrouting", priority: 100 }),
    newChain(table, "forward", { type: "filter", at: "forward", priority: 10 }),
    ...chain("publish", ...([4, 6] as const).flatMap((version) => [toBound(version), toPublished(version)])),
    ...chain("prerouting", [destinationType(), compare(LOCAL), jump("publish")]),
    ...chain("output", [destinationType(), compare(LOCAL), jump("publish")]),
    ...chain("guard", guardRule),
    ...chain("forward", ...networks.flatMap(closedRules), [...established(), verdict("accept")]),
    ...networks.flatMap((network) => [
      ...chain("forward", ...forwardRules(network)),
      ...chain("postrouting", ...postroutingRules(network)),
    ]),
    ...publishPorts(table, ports),
  ];
}

/** Publishes ports in a table that is there. Fails with EEXIST where one leads elsewhere. */
export function publishPorts(table: string, ports: readonly PublishedPort[]): Change[] {
  return byMap(ports).map(([map, elements]) => newElements(table, map, elements));
}

/** Takes ports back. Fails with ENOENT where one is not published. */
export function withdrawPorts(table: string, ports: readonly PublishedPort[]): Change[] {
  return byMap(ports).map(([map, elements]) =>
    deleteElements(
      table,
      map,
      elements.map(({ key }) => ({ key })),
    ),
  );
}

/** Asks for a port in a table. Fails with ENOENT where it is not published. */
export function findPort(table: string, port: PublishedPort): NetlinkMessage {
  const [found] = byMap([port]);
  const [map, elements] = found as [string, SetElement[]];
  return getElements(
    table,
    map,
    elements.map(({ key }) => ({ key })),
  );
}

const mapName = (version: 4 | 6, bound: boolean): string => `${bound ? "bound" : "published"}${version}`;
const addressType = (version: 4 | 6): ValueType => (version === 4 ? "ipv4_addr" : "ipv6_addr");

/** Where published ports lead to: those of one address of the host, and those of all. */
const maps = ([4, 6] as const).flatMap((version) =>
  [true, false].map((bound) => ({
    name: mapName(version, bound),
    key: [...(bound ? [addressType(version)] : []), "inet_proto", "inet_service"] as ValueType[],
    value: [addressType(version), "inet_service"] as ValueType[],
  })),
);

/** How many registers an address takes. */
const registersOf = (version: 4 | 6): number => (version === 4 ? 1 : 4);

function toBound(version: 4 | 6): Expression[] {
  const after = registersOf(version);
  return [
    ...ofFamily(version),
    destinationAddress(version, 0),
    ...protocolAndPort(after),
    ...lead(version, mapName(version, true)),
  ];
}

function toPublished(version: 4 | 6): Expression[] {
  return [...ofFamily(version), ...protocolAndPort(0), ...lead(version, mapName(version, false))];
}

/** Loads the protocol and the destination's port into two registers. */
function protocolAndPort(to: number): Expression[] {
  return [meta("layer4Protocol", to), payload("transport", 2, 2, to + 1)];
}

function lead(version: 4 | 6, map: string): Expression[] {
  const portAt = registersOf(version);
  const nat = destinationNat({ family: version === 4 ? family.IPV4 : family.IPV6, from: 0, portAt });
  return [lookup(map, { to: 0 }), nat];
}

/** Names of the networks' bridges. */
const bridges = { name: "bridges", key: ["ifname"] } as const;

/**
 * A bridge may route addresses of loopback (for published ports), but never those that a container made up. Every packet that
 * comes in passes here: the first comparison is one that nearly none gets beyond.
 */
const guardRule: readonly Expression[] = [
  ...toLoopback(),
  meta("inputName"),
  lookup(bridges.name),
  verdict("drop"),
];

/** What may not even go on where it has begun: these come before the rule for established connections. */
function closedRules({ bridge, internal, open }: FilteredNetwork): Expression[][] {
  const inside = comesBy(bridge);
  const [into, outOf] = [leavesBy(bridge), leavesBy(bridge, { not: true })];
  const outside = comesBy(bridge, { not: true });
  return [
    ...(internal ? [[...inside, ...outOf, verdict("drop")]] : []),
    ...(internal ? [[...into, ...outside, verdict("drop")]] : []),
    ...(open ? [] : [[...inside, ...into, verdict("drop")]]),
  ];
}

function forwardRules({ bridge, internal }: FilteredNetwork): Expression[][] {
  if (internal) return [];
  const into = leavesBy(bridge);
  return [
    [...into, ...published(), verdict("accept")],
    [...into, ...comesBy(bridge, { not: true }), verdict("drop")],
  ];
}

function postroutingRules({ bridge, subnets, ...network }: FilteredNetwork): Expression[][] {
  const hides = network.masquerade && !network.internal;
  const own = subnets.flatMap((subnet) => [
    ...(hides ? [[...addressIn("source", subnet), ...leavesBy(bridge, { not: true }), masquerade()]] : []),
    // A container that calls a published port of its own network would get the answer from an address it did not call.
    [...addressIn("source", subnet), ...leavesBy(bridge), ...published(), masquerade()],
  ]);
  return [...own, [...addressIn("source", loopback), ...leavesBy(bridge), masquerade()]];
}

/** Ports as elements, by the name of their map. */
function byMap(ports: readonly PublishedPort[]): [string, SetElement[]][] {
  const elements = new Map<string, SetElement[]>();
  for (const port of ports) {
    const map = mapName(port.container.family, port.host !== undefined);
    const list = elements.get(map) ?? [];
    elements.set(map, list);
    const key = [Uint8Array.of(protocols[port.protocol]), portBytes(port.hostPort)];
    list.push({
      key: port.host === undefined ? key : [ipBytes(port.host), ...key],
      value: [ipBytes(port.container), portBytes(port.containerPort)],
    });
  }
  return [...elements];
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
