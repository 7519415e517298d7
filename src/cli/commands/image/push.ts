import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { platformOption } from "./platform-option.ts";
import { showTransfer } from "./show-transfer.ts";

export const push = defineCommand({
  path: ["image", "push"],
  aliases: [["push"]],
  summary: "Send an image to a registry",
  args: { usage: "NAME[:TAG]", least: 1, most: 1, completes: "images" },
  options: {
    "all-tags": flag("All tags of the name", { short: "a" }),
    platform: platformOption("Only the image for this platform, of one that has several"),
    quiet: flag("Print the reference only", { short: "q" }),
  },
  examples: [
    {
      line: "tug tag app localhost:5000/app:1 && tug push localhost:5000/app:1",
      does: "Send an image to a registry of your own",
    },
  ],
  async run({ options, args: [image = ""], connect, context, signal }) {
    const allTags = options["all-tags"];
    const { name, suffix } = dockerApi.splitReference(image);
    if (allTags && suffix !== "") {
      throw cliError("CONFLICT", `cannot push all tags of ${image}: it names one`, {
        hint: `push -a ${name}`,
      });
    }
    const client = await connect();
    const messages = client.images.push(image, { allTags, platform: options.platform, signal });
    await showTransfer(messages, options.quiet, context);
    const full = dockerApi.fullReference(image);
    return { output: options.quiet ? `${allTags ? full.replace(/:latest$/, "") : full}\n` : "" };
  },
});
