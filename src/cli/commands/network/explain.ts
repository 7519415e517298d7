import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { choice } from "../../arguments/option.ts";
import { alignColumns } from "../../table/align.ts";

export const explainPort = defineCommand({
  path: ["network", "explain"],
  aliases: [],
  summary: "Explain who can reach a published port, and why",
  args: { usage: "PORT[/PROTOCOL]", least: 1, most: 1 },
  repeatable: true,
  options: {
    format: choice("FORMAT", "As lines or as JSON", { words: ["lines", "json"] }),
  },
  examples: [
    { line: "tug network explain 8080", does: "See where port 8080 of this machine leads, and for whom" },
    { line: "tug network explain 53/udp", does: "The same for UDP" },
  ],
  async run({ options, args: [port = ""], connect, signal }) {
    const found = await (await connect()).networks.explainPort(port, { signal });
    if (options.format === "json") return { output: `${JSON.stringify(found, null, 4)}\n` };
    return { output: tell(found) };
  },
});

function tell({ Port, Protocol, Listeners, Publications }: dockerApi.PortExplained): string {
  const port = `${Port}/${Protocol}`;
  const others =
    Listeners.length === 0 ? "" : `a program of this machine listens there, at ${Listeners.join(" and ")}`;
  if (Publications.length === 0) {
    return `${port} leads to no container${others === "" ? "" : `; ${others}`}\n`;
  }
  const told = Publications.map(({ Container, Network, ContainerAddress, ContainerPort, Reach }) => {
    const rows = Reach.map(({ From, At, Answer, Because }) => `  ${From}\t${At}\t${Answer}\t${Because}\n`);
    const goal = `port ${ContainerPort} of ${Container.Name} (${ContainerAddress}, network ${Network})`;
    return `${port} leads to ${goal}\n${alignColumns(rows.join(""))}`;
  });
  return told.join("\n") + (others === "" ? "" : `\n${others}; what is published comes first\n`);
}
