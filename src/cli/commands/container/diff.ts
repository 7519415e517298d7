import { defineCommand } from "../../arguments/command.ts";

const letters = ["C", "A", "D"] as const;

export const diff = defineCommand({
  path: ["container", "diff"],
  aliases: [["diff"]],
  summary: "List what a container has changed in the files of its image",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "containers" },
  options: {},
  examples: [{ line: "tug diff web", does: "See which files were changed (C), added (A) and deleted (D)" }],
  async run({ args: [name = ""], connect, signal }) {
    const changes = await (await connect()).containers.changes(name, { signal });
    return { output: changes.map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join("") };
  },
});
