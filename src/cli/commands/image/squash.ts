import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";

export const squash = defineCommand({
  path: ["image", "squash"],
  aliases: [],
  summary: "Make an image with one layer in the place of several",
  args: { usage: "IMAGE", least: 1, most: 1, completes: "images" },
  options: {
    from: text("IMAGE|N", "Leave the layers of that image, or the lowest N, as they are", {
      completes: "images",
    }),
    tag: text("NAME", "Name of the new image", { short: "t" }),
  },
  examples: [
    { line: "tug image squash -t app:flat app:1", does: "Leave out what later layers removed or changed" },
    {
      line: "tug image squash -t app:flat --from debian:12 app:1",
      does: "Still share the layers of debian:12",
    },
  ],
  async run({ options, args: [image = ""], connect, signal }) {
    const { from, tag: name } = options;
    const { Id } = await (await connect()).images.squash(image, { from, name, signal });
    return { output: `${Id}\n` };
  },
});
