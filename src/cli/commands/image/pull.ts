import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, single } from "../../arguments/option.ts";
import { displayProgress } from "../../progress/display.ts";

export const pull = defineCommand({
  path: ["image", "pull"],
  aliases: [["pull"]],
  summary: "Fetch an image from a registry",
  args: { usage: "IMAGE", least: 1, most: 1 },
  options: {
    platform: single("OS/ARCH", "Choose a platform of an image that has several", {
      read: (value) => dockerApi.formatPlatform(dockerApi.parsePlatform(value)),
    }),
    quiet: flag("Print the reference only", { short: "q" }),
  },
  examples: [{ line: "tug pull debian:12", does: "Fetch an image without running it" }],
  async run({ options, args: [image = ""], connect, context, signal }) {
    const client = await connect();
    const messages = client.images.pull(image, { platform: options.platform, signal });
    if (options.quiet) for await (const _ of messages);
    else {
      const { terminal } = context;
      const width = terminal.size()?.width ?? 80;
      await displayProgress(messages, context.stdout, { terminal: terminal.stdout, width });
    }
    return { output: `${dockerApi.fullReference(image)}\n` };
  },
});
