import { TugError } from "../../../base/index.ts";
import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, text, texts } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { readLabel, readPair, toMap } from "../../values/key-values.ts";
import { forEachName } from "../for-each-name.ts";

export const createNetwork = defineCommand({
  path: ["network", "create"],
  aliases: [],
  summary: "Make a network",
  args: { usage: "NETWORK", least: 1, most: 1 },
  options: {
    "aux-address": list("NAME=ADDRESS", "Address of the subnet that is somebody else's", { read: readPair }),
    driver: text("DRIVER", "Kind of network: bridge, macvlan or ipvlan", { short: "d" }),
    gateway: texts("ADDRESS", "Address of the bridge, or of the router beside the machine, one per subnet"),
    internal: flag("Nothing leaves it and nothing comes in"),
    "ip-range": texts("SUBNET", "Part of the subnet that addresses are given out from, one per subnet"),
    ipv6: flag("Addresses of IPv6 too"),
    label: list("NAME=VALUE", "Set a label", { read: readLabel }),
    opt: list("NAME=VALUE", "Option of the driver, such as com.docker.network.driver.mtu=1400", {
      short: "o",
      read: readPair,
    }),
    subnet: texts("SUBNET", "Addresses of the network: one subnet of IPv4, one of IPv6"),
  },
  examples: [
    { line: "tug network create web", does: "Make a network whose containers know each other by name" },
    {
      line: "tug network create --subnet 10.20.0.0/24 --internal db",
      does: "One of these addresses, without a way out",
    },
    {
      line: "tug network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 lan",
      does: "Containers beside the machine, on the network that eth0 is on",
    },
  ],
  async run({ options, args: [name = ""], connect }) {
    const { subnet, gateway, "ip-range": range, "aux-address": reserved } = options;
    if (reserved.length > 0 && subnet.length === 0) {
      throw cliError("CONFLICT", "--aux-address needs a --subnet");
    }
    if (gateway.length > subnet.length || range.length > subnet.length) {
      throw cliError("CONFLICT", "--gateway and --ip-range need a --subnet each");
    }
    const { Id } = await (await connect()).networks.create({
      Name: name,
      Driver: options.driver,
      Internal: options.internal,
      EnableIPv6: options.ipv6,
      Labels: toMap(options.label),
      Options: Object.fromEntries(options.opt),
      IPAM: {
        Config: subnet.map((Subnet, index) => ({
          Subnet,
          Gateway: gateway[index],
          IPRange: range[index],
          AuxiliaryAddresses: addressesLike(Subnet, reserved),
        })),
      },
    });
    return { output: `${Id}\n` };
  },
});

/** Those of the version of IP that a subnet has; a network has one subnet of each. */
function addressesLike(subnet: string, reserved: readonly (readonly [string, string])[]) {
  const like = reserved.filter(([, address]) => address.includes(":") === subnet.includes(":"));
  return like.length === 0 ? undefined : Object.fromEntries(like);
}

export const removeNetwork = defineCommand({
  path: ["network", "rm"],
  aliases: [["network", "remove"]],
  summary: "Remove networks",
  args: { usage: "NETWORK...", least: 1, completes: "networks" },
  options: { force: flag("Do not mind missing ones", { short: "f" }) },
  examples: [{ line: "tug network rm web", does: "Remove a network that no container is connected to" }],
  async run({ options, args, connect, context }) {
    const client = await connect();
    return forEachName(context, args, async (name) => {
      try {
        await client.networks.remove(name);
        return `${name}\n`;
      } catch (error) {
        if (options.force && error instanceof TugError && error.kind === "notFound") return "";
        throw error;
      }
    });
  },
});

export const pruneNetworks = defineCommand({
  path: ["network", "prune"],
  aliases: [],
  summary: "Remove networks that nobody uses",
  args: { usage: "", least: 0, most: 0 },
  options: {
    filter: list("NAME=VALUE", "Only those that fit, such as until=24h or label=stage=test", {
      read: readFilter,
    }),
    force: flag("Do not ask: it never does", { short: "f" }),
  },
  examples: [{ line: "tug network prune", does: "Make room for other subnets" }],
  async run({ options, connect }) {
    const pruned = await (await connect()).networks.prune({ filters: toFilters(options.filter) });
    return { output: renderPrunedNetworks(pruned) };
  },
});

/** The names of removed networks, if there are any. */
export function renderPrunedNetworks({ NetworksDeleted }: dockerApi.NetworksPruned): string {
  const names = NetworksDeleted ?? [];
  return names.length === 0 ? "" : `Deleted Networks:\n${names.join("\n")}\n`;
}
