import { TugError } from "../../../base/index.ts";
import type { NetworksPort, NetworkView } from "../routes/networks/port.ts";

/** Networks in memory: `bridge` and those that are made. */
export function createFakeNetworks(): NetworksPort {
  const networks: NetworkView[] = [fakeNetwork("bridge", {})];
  const find = (reference: string): NetworkView => {
    const found = networks.find(({ id, name }) => name === reference || id.startsWith(reference));
    if (found !== undefined) return found;
    throw new TugError("notFound", "NETWORK_NOT_FOUND", `network ${reference} not found`);
  };
  return {
    list: async () => networks,
    get: async (reference) => find(reference),
    async create({ name, driver = "bridge", labels = {}, ...wanted }) {
      if (networks.some((network) => network.name === name)) {
        throw new TugError("conflict", "NETWORK_NAME_TAKEN", `network with name ${name} already exists`);
      }
      // What was asked of the driver is shown as its options.
      const options = "parent" in wanted ? { parent: `${wanted.parent} ${wanted.mode}` } : {};
      const [pool] = wanted.pools ?? [];
      const reserved = pool?.reserved === undefined ? {} : { reserved: pool.reserved };
      const made = fakeNetwork(name, labels);
      const network = {
        ...made,
        driver,
        options,
        pools: made.pools.map((each) => ({ ...each, ...reserved })),
      };
      networks.push(network);
      return { id: network.id };
    },
    explainPort: async (protocol, port) => ({ port, protocol, listeners: ["0.0.0.0"], publications: [] }),
    async connect(container, { network, aliases, ipv4 = "172.17.0.2" }) {
      const found = find(network);
      const joined = { name: [container, ...aliases].join(" "), mac: "", ipv4, ipv6: "" };
      networks[networks.indexOf(found)] = {
        ...found,
        containers: { ...found.containers, [container]: joined },
      };
    },
    async disconnect(container, network) {
      const found = find(network);
      const { [container]: joined, ...others } = found.containers;
      if (joined === undefined)
        throw new TugError("notFound", "NETWORK_NOT_CONNECTED", `${container} is not on it`);
      networks[networks.indexOf(found)] = { ...found, containers: others };
    },
    async remove(reference) {
      networks.splice(networks.indexOf(find(reference)), 1);
    },
    async prune(select) {
      const pruned = networks.slice(1).filter(select);
      for (const network of pruned) networks.splice(networks.indexOf(network), 1);
      return pruned.map(({ name }) => name);
    },
  };
}

function fakeNetwork(name: string, labels: Readonly<Record<string, string>>): NetworkView {
  return {
    id: Buffer.from(name).toString("hex").padEnd(64, "0"),
    name,
    createdAt: "2026-01-01T00:00:00.000Z",
    driver: "bridge",
    internal: false,
    ipv6: false,
    labels,
    options: {},
    pools: [{ subnet: "172.17.0.0/16", gateway: "172.17.0.1" }],
    containers: {},
  };
}
