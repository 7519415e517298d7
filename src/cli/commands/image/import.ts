import { defineCommand } from "../../arguments/command.ts";
import { text, texts } from "../../arguments/option.ts";
import { openArchive } from "../archive-input.ts";
import { platformOption } from "./platform-option.ts";

export const importImage = defineCommand({
  path: ["image", "import"],
  aliases: [["import"]],
  summary: "Make an image from an archive of a root file system",
  args: { usage: "FILE|URL|- [NAME[:TAG]]", least: 1, most: 2, completes: "files" },
  options: {
    change: texts("INSTRUCTION", "Instruction of a Dockerfile for the image, such as 'CMD [\"sh\"]'", {
      short: "c",
    }),
    message: text("TEXT", "Sentence for the image's history", { short: "m" }),
    platform: platformOption("What the files are for"),
  },
  examples: [
    { line: "tug export web | tug import - web:frozen", does: "Make an image of a container's files" },
    { line: "tug import -c 'CMD [\"sh\"]' rootfs.tar.gz base:1", does: "Make an image of an archive" },
  ],
  async run({ options, args: [source = "-", name], connect, context, signal }) {
    // The engine fetches what has an address.
    const upload = /^https?:\/\//.test(source)
      ? undefined
      : await openArchive({
          context,
          file: source,
          verb: "import",
          instead: "name a file or redirect the input",
        });
    const client = await connect();
    const request = {
      source: upload === undefined ? source : "-",
      upload,
      name,
      message: options.message,
      changes: options.change,
      platform: options.platform,
      signal,
    };
    let id = "";
    for await (const { status } of client.images.import(request)) id = status ?? id;
    return { output: `${id}\n` };
  },
});
