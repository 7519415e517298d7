import { defineCommand } from "../../arguments/command.ts";
import { flag, single, text, texts } from "../../arguments/option.ts";
import { readInteger } from "../../values/numbers.ts";

export const connectNetwork = defineCommand({
  path: ["network", "connect"],
  aliases: [],
  summary: "Connect a container to one more network",
  args: { usage: "NETWORK CONTAINER", least: 2, most: 2, completes: "networks" },
  options: {
    alias: texts("NAME", "Name by which others of the network find the container"),
    "gw-priority": single(
      "NUMBER",
      "The default route leads through a network with the highest, 0 if unsaid",
      {
        read: readInteger(-(2 ** 31), 2 ** 31 - 1),
      },
    ),
    ip: text("ADDRESS", "IPv4 address of the container"),
    ip6: text("ADDRESS", "IPv6 address of the container"),
    link: texts("CONTAINER[:ALIAS]", "Know another container by a name", { completes: "containers" }),
  },
  examples: [
    {
      line: "tug network connect --alias db blue postgres",
      does: "Let containers of blue find postgres as db",
    },
  ],
  async run({
    options: { alias, ip, ip6, link, "gw-priority": priority },
    args: [network = "", container = ""],
    connect,
  }) {
    await (await connect()).networks.connect(network, {
      Container: container,
      EndpointConfig: {
        Aliases: [...alias],
        Links: [...link],
        GwPriority: priority,
        IPAMConfig: { IPv4Address: ip, IPv6Address: ip6 },
      },
    });
    return {};
  },
});

export const disconnectNetwork = defineCommand({
  path: ["network", "disconnect"],
  aliases: [],
  summary: "Take a container from a network",
  args: { usage: "NETWORK CONTAINER", least: 2, most: 2, completes: "networks" },
  options: {
    force: flag("As without it: a container that does not run is taken from it too", { short: "f" }),
  },
  examples: [{ line: "tug network disconnect blue postgres", does: "Its ports that led there are closed" }],
  async run({ options: { force }, args: [network = "", container = ""], connect }) {
    await (await connect()).networks.disconnect(network, { Container: container, Force: force });
    return {};
  },
});
