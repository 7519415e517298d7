import { defineCommand } from "../../arguments/command.ts";
import { choice } from "../../arguments/option.ts";

const letters = ["C", "A", "D"] as const;

export const diffImages = defineCommand({
  path: ["image", "diff"],
  aliases: [],
  summary: "Show what differs between the files of two images",
  args: { usage: "IMAGE IMAGE", least: 2, most: 2, completes: "images" },
  repeatable: true,
  options: { format: choice("FORMAT", "As lines or as JSON", { words: ["lines", "json"] }) },
  examples: [{ line: "tug image diff debian:12 app:1", does: "See what was added, changed and deleted" }],
  async run({ options, args: [before = "", after = ""], connect, signal }) {
    const found = await (await connect()).images.diff(before, after, { signal });
    if (options.format === "json") return { output: `${JSON.stringify(found, null, 4)}\n` };
    return { output: found.map(({ Kind, Path }) => `${letters[Kind]} ${Path}\n`).join("") };
  },
});
