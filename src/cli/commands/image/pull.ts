import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag } from "../../arguments/option.ts";
import { platformOption } from "./platform-option.ts";
import { showTransfer } from "./show-transfer.ts";

export const pull = defineCommand({
  path: ["image", "pull"],
  aliases: [["pull"]],
  summary: "Fetch an image from a registry",
  args: { usage: "IMAGE", least: 1, most: 1 },
  options: {
    "all-platforms": flag("Fetch the images for all platforms, to pass them on"),
    platform: platformOption("Choose a platform of an image that has several"),
    quiet: flag("Print the reference only", { short: "q" }),
  },
  examples: [
    { line: "tug pull debian:12", does: "Fetch an image without running it" },
    { line: "tug pull --all-platforms debian:12", does: "Fetch it for other machines too" },
  ],
  async run({ options, args: [image = ""], connect, context, signal }) {
    const client = await connect();
    const { platform, "all-platforms": allPlatforms } = options;
    const messages = client.images.pull(image, { platform, allPlatforms, signal });
    await showTransfer(messages, options.quiet, context);
    return { output: `${dockerApi.fullReference(image)}\n` };
  },
});
