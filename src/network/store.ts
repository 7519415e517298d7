import { isIPv4 } from "node:net";
import type { Database, Migration } from "../base/index.ts";
import { networkError } from "./errors.ts";
import { type Endpoint, isBridge, type Network, type Publication } from "./model.ts";

/** Tables of the networks. */
export const networkMigrations: readonly Migration[] = [
  {
    module: "networks",
    version: 1,
    sql: `
      CREATE TABLE networks (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        bridge TEXT NOT NULL UNIQUE,
        document TEXT NOT NULL
      ) STRICT;
      CREATE TABLE endpoints (
        container TEXT NOT NULL,
        network TEXT NOT NULL REFERENCES networks (id),
        ipv4 TEXT,
        ipv6 TEXT,
        document TEXT NOT NULL,
        PRIMARY KEY (container, network),
        UNIQUE (network, ipv4),
        UNIQUE (network, ipv6)
      ) STRICT;
      CREATE TABLE publications (
        container TEXT NOT NULL,
        protocol TEXT NOT NULL,
        host_address TEXT NOT NULL,
        host_port INTEGER NOT NULL,
        document TEXT NOT NULL,
        UNIQUE (protocol, host_address, host_port)
      ) STRICT;
      CREATE INDEX publications_container ON publications (container);
    `,
  },
  // What no two networks may have: the name of a bridge; for networks without one it is their id.
  { module: "networks", version: 2, sql: "ALTER TABLE networks RENAME COLUMN bridge TO claim" },
];

/**
 * The networks on record, and who is connected to them. Who is connected means nothing after a power loss, which leaves no
 * link, namespace or rule: to put that on record does not wait for the disk.
 */
export interface NetworkStore {
  /** @throws NETWORK_NAME_TAKEN, NETWORK_BRIDGE_TAKEN */
  add(network: Network): void;
  /** Puts another one of the same id in its place. */
  replace(network: Network): void;
  /** In the order they were made. */
  list(): Network[];
  /** By full id, name, or an unambiguous beginning of an id. @throws NETWORK_NOT_FOUND, NETWORK_AMBIGUOUS */
  find(reference: string): Network;
  remove(id: string): void;
  /** Containers that have ended and whose things are being taken back: they count only where `departing` is asked for. */
  readonly departing: Set<string>;
  endpoints(
    by: { readonly container: string } | { readonly network: string } | "all",
    options?: Departing,
  ): Endpoint[];
  /** What a network's endpoints have, those of containers included that are leaving. */
  addresses(network: string): Set<string>;
  addEndpoint(endpoint: Endpoint): void;
  /** Puts another one of the same container, network and addresses in its place. */
  replaceEndpoint(endpoint: Endpoint): void;
  removeEndpoint(endpoint: Endpoint): void;
  publications(container?: string, options?: Departing): Publication[];
  /** @throws NETWORK_PORT_TAKEN */
  addPublication(publication: Publication): void;
  removePublication(publication: Publication): void;
  /** Forgets the endpoints and publications of a container. */
  forget(container: string): void;
  /** Runs `work`, whose changes of endpoints and publications are kept all together, or, when it throws, none. */
  together<T>(work: () => T): T;
}

type Departing = { readonly departing: boolean };

/** A store in the engine's database. */
export function networkStore({ sql, lazily, transaction }: Database): NetworkStore {
  const insert = sql.prepare("INSERT INTO networks VALUES (?, ?, ?, ?)");
  const update = sql.prepare("UPDATE networks SET document = ? WHERE id = ?");
  const all = sql.prepare("SELECT document FROM networks ORDER BY rowid");
  const exact = sql.prepare("SELECT document FROM networks WHERE id = ? OR name = ? ORDER BY id = ? DESC");
  const prefix = sql.prepare("SELECT document FROM networks WHERE id >= ? AND id < ? LIMIT 2");
  const byClaim = sql.prepare("SELECT document FROM networks WHERE claim = ?");
  const remove = sql.prepare("DELETE FROM networks WHERE id = ?");
  const insertEndpoint = sql.prepare("INSERT INTO endpoints VALUES (?, ?, ?, ?, ?)");
  const updateEndpoint = sql.prepare("UPDATE endpoints SET document = ? WHERE container = ? AND network = ?");
  const allEndpoints = sql.prepare("SELECT document FROM endpoints ORDER BY rowid");
  const ofContainer = sql.prepare("SELECT document FROM endpoints WHERE container = ? ORDER BY rowid");
  const ofNetwork = sql.prepare("SELECT document FROM endpoints WHERE network = ? ORDER BY rowid");
  const insertPublication = sql.prepare("INSERT INTO publications VALUES (?, ?, ?, ?, ?)");
  const allPublications = sql.prepare("SELECT document FROM publications ORDER BY rowid");
  const published = sql.prepare("SELECT document FROM publications WHERE container = ? ORDER BY rowid");
  const forgetEndpoints = sql.prepare("DELETE FROM endpoints WHERE container = ?");
  const forgetPublications = sql.prepare("DELETE FROM publications WHERE container = ?");
  const removeEndpoint = sql.prepare("DELETE FROM endpoints WHERE container = ? AND network = ?");
  const removePublication = sql.prepare(
    "DELETE FROM publications WHERE protocol = ? AND host_address = ? AND host_port = ?",
  );
  const departing = new Set<string>();
  const ipsOf = sql.prepare("SELECT ipv4, ipv6 FROM endpoints WHERE network = ?");
  const counted = <T extends { readonly container: string }>(
    all: T[],
    options: Departing | undefined,
  ): T[] => (options?.departing ? all : all.filter(({ container }) => !departing.has(container)));
  const ofPort = sql.prepare("SELECT document FROM publications WHERE protocol = ? AND host_port = ?");
  return {
    add(network) {
      const { id, name } = network;
      const claim = isBridge(network) ? network.bridge : id;
      if (exact.get(name, name, name) !== undefined) {
        throw networkError("NAME_TAKEN", `network with name ${name} already exists`, {
          hint: "choose another name, or remove that network",
        });
      }
      if (byClaim.get(claim) !== undefined) {
        throw networkError("BRIDGE_TAKEN", `bridge ${claim} belongs to another network`);
      }
      insert.run(id, name, claim, JSON.stringify(network));
    },
    replace: (network) => void update.run(JSON.stringify(network), network.id),
    list: () => all.all().map(documentOf<Network>),
    find(reference) {
      const found = exact.get(reference, reference, reference);
      if (found !== undefined) return documentOf<Network>(found);
      const matches = /^[0-9a-f]{1,63}$/.test(reference) ? prefix.all(reference, `${reference}g`) : [];
      const [match] = matches;
      if (match !== undefined && matches.length === 1) return documentOf<Network>(match);
      const details = { network: reference };
      throw matches.length > 1
        ? networkError("AMBIGUOUS", `several networks have an id beginning ${reference}`, { details })
        : networkError("NOT_FOUND", `network ${reference} not found`, {
            details,
            hint: "list them with: tug network ls",
          });
    },
    remove: (id) => void remove.run(id),
    departing,
    endpoints(by, options) {
      if (by === "all") return counted(allEndpoints.all().map(documentOf<Endpoint>), options);
      const rows = "container" in by ? ofContainer.all(by.container) : ofNetwork.all(by.network);
      return counted(rows.map(documentOf<Endpoint>), options);
    },
    addresses(network) {
      const rows = ipsOf.all(network) as { ipv4: string | null; ipv6: string | null }[];
      return new Set(rows.flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6]).filter((ip) => ip !== null));
    },
    addEndpoint(endpoint) {
      const { container, network, ipv4, ipv6 } = endpoint;
      const document = JSON.stringify(endpoint);
      lazily(() => insertEndpoint.run(container, network, ipv4 ?? null, ipv6 ?? null, document));
    },
    replaceEndpoint: (endpoint) =>
      void lazily(() => updateEndpoint.run(JSON.stringify(endpoint), endpoint.container, endpoint.network)),
    removeEndpoint: ({ container, network }) => void lazily(() => removeEndpoint.run(container, network)),
    publications(container, options) {
      const rows = container === undefined ? allPublications.all() : published.all(container);
      return counted(rows.map(documentOf<Publication>), options);
    },
    addPublication(publication) {
      const { container, protocol, hostAddress, hostPort } = publication;
      const others = ofPort.all(protocol, hostPort).map(documentOf<Publication>);
      const holder = others.find((other) => meet(other.hostAddress, hostAddress));
      if (holder !== undefined) throw portTaken(publication, holder);
      const document = JSON.stringify(publication);
      lazily(() => insertPublication.run(container, protocol, hostAddress, hostPort, document));
    },
    removePublication: ({ protocol, hostAddress, hostPort }) =>
      void lazily(() => removePublication.run(protocol, hostAddress, hostPort)),
    forget(container) {
      lazily(() => {
        forgetPublications.run(container);
        forgetEndpoints.run(container);
      });
    },
    together: (work) => lazily(() => transaction(work)),
  };
}

function documentOf<T>(row: unknown): T {
  return JSON.parse((row as { document: string }).document) as T;
}

/** Whether two addresses, or all addresses of a version of IP, have one in common. */
function meet(a: string, b: string): boolean {
  return isIPv4(a) === isIPv4(b) && (a === b || isWildcard(a) || isWildcard(b));
}

/** Whether an address stands for all of the host's. */
export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

function portTaken(wanted: Publication, holder: Publication): Error {
  const place = `${wanted.hostAddress}:${wanted.hostPort}/${wanted.protocol}`;
  return networkError("PORT_TAKEN", `cannot publish ${place}: port is already allocated`, {
    hint: `container ${holder.container.slice(0, 12)} has it; choose another port or stop that container`,
  });
}
