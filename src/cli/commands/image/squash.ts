import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";

export const squash = defineCommand({
  path: ["image", "squash"],
  aliases: [],
  summary: "Make an image of one layer, with the files of another",
  args: { usage: "IMAGE", least: 1, most: 1, completes: "images" },
  options: { tag: text("NAME", "Name of the new image", { short: "t" }) },
  examples: [
    { line: "tug image squash -t app:flat app:1", does: "Leave out what later layers removed or changed" },
  ],
  async run({ options, args: [image = ""], connect, signal }) {
    const { Id } = await (await connect()).images.squash(image, { name: options.tag, signal });
    return { output: `${Id}\n` };
  },
});
