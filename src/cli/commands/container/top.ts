import { defineCommand } from "../../arguments/command.ts";
import { alignColumns } from "../../table/align.ts";

export const top = defineCommand({
  path: ["container", "top"],
  aliases: [["top"]],
  summary: "List the processes of a container",
  args: { usage: "CONTAINER [PS-OPTION...]", least: 1, optionsFirst: true, completes: "running" },
  options: {},
  examples: [
    { line: "tug top web", does: "See what runs in a container, with the host's process ids" },
    { line: "tug top web -o pid,user,rss,args", does: "Choose the columns, as with ps" },
  ],
  async run({ args: [name = "", ...psOptions], connect }) {
    const words = psOptions.length === 0 ? undefined : psOptions.join(" ");
    const { Titles, Processes } = await (await connect()).containers.top(name, words);
    const lines = [Titles, ...Processes].map((cells) => `${cells.join("\t")}\n`);
    return { output: alignColumns(lines.join("")) };
  },
});
