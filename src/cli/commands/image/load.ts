import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { displayProgress } from "../../progress/display.ts";
import { openArchive } from "../archive-input.ts";
import { archiveLayout } from "./layout-archive.ts";
import { platformOption } from "./platform-option.ts";

export const load = defineCommand({
  path: ["image", "load"],
  aliases: [["load"]],
  summary: "Take in images from an archive or an OCI layout",
  args: { usage: "", least: 0, most: 0 },
  options: {
    input: text("FILE", "Archive, or directory of an OCI layout, instead of stdin", {
      short: "i",
      completes: "files",
    }),
    platform: platformOption("Choose a platform of an image that has several"),
    quiet: flag("Print the results only", { short: "q" }),
  },
  examples: [
    { line: "tug load -i debian.tar", does: "Take in what tug save or docker save has written" },
    { line: "skopeo copy docker://debian oci:layout && tug load -i layout", does: "Take in an OCI layout" },
  ],
  async run({ options, connect, context, signal }) {
    const archive = await openArchive({
      context,
      file: options.input,
      verb: "load",
      instead: "use -i FILE or redirect the input",
      readDirectory: archiveLayout,
    });
    const client = await connect();
    const { terminal } = context;
    const { platform } = options;
    const quiet = options.quiet || !terminal.stdout;
    const messages = client.images.load(archive, { quiet, platform, signal });
    await displayProgress(messages, context.stdout, {
      terminal: terminal.stdout,
      width: terminal.size()?.width ?? 80,
    });
    return {};
  },
});
