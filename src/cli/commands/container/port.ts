import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { cliError } from "../../errors.ts";

type Published = dockerApi.ContainerInspect["NetworkSettings"]["Ports"];

export const port = defineCommand({
  path: ["container", "port"],
  aliases: [["port"]],
  summary: "Show where ports of a container can be reached",
  args: { usage: "CONTAINER [PORT[/PROTOCOL]]", least: 1, most: 2, completes: "containers" },
  options: {},
  examples: [
    { line: "tug port web", does: "List all published ports" },
    { line: "tug port web 80", does: "Print the address behind which the container's port 80 is" },
  ],
  async run({ args: [name = "", wanted], connect }) {
    const { NetworkSettings } = await (await connect()).containers.inspect(name);
    const output = wanted === undefined ? renderAll(NetworkSettings.Ports) : undefined;
    return { output: output ?? renderOne(NetworkSettings.Ports, { name, wanted: wanted ?? "" }) };
  },
});

function renderAll(ports: Published): string {
  return Object.entries(ports)
    .toSorted(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10) || (a < b ? -1 : 1))
    .flatMap(([key, bindings]) => (bindings ?? []).map((binding) => `${key} -> ${addressOf(binding)}\n`))
    .join("");
}

/** @throws CLI_OBJECT when the port is not published */
function renderOne(ports: Published, { name, wanted }: { name: string; wanted: string }): string {
  const key = wanted.includes("/") ? wanted.toLowerCase() : `${wanted}/tcp`;
  if (!/^\d{1,5}\/[a-z]+$/.test(key)) {
    throw cliError("USAGE", `cannot look up port ${wanted}: it must look like 80 or 53/udp`);
  }
  const bindings = ports[key] ?? [];
  if (bindings.length === 0) throw cliError("OBJECT", `no public port '${key}' published for ${name}`);
  return bindings.map((binding) => `${addressOf(binding)}\n`).join("");
}

function addressOf({ HostIp, HostPort }: dockerApi.PublishedPort): string {
  return `${HostIp.includes(":") ? `[${HostIp}]` : HostIp}:${HostPort}`;
}
