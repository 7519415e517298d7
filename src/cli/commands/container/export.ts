import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import { writeArchive } from "../archive-output.ts";

export const exportContainer = defineCommand({
  path: ["container", "export"],
  aliases: [["export"]],
  summary: "Write a container's root filesystem as a tar archive",
  args: { usage: "CONTAINER", least: 1, most: 1, completes: "containers" },
  options: { output: text("FILE", "Write to a file instead of stdout", { short: "o", completes: "files" }) },
  examples: [{ line: "tug export web | tar -x -C rootfs", does: "Unpack what a container sees" }],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const client = await connect();
    await writeArchive(client.containers.export(name, { signal }), {
      context,
      file: options.output,
      verb: "export",
    });
    return {};
  },
});
