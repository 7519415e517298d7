import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { text, texts } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
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
    const upload = await openSource(source, context);
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

/** The archive, or nothing where the engine shall fetch it. */
async function openSource(
  source: string,
  context: CliContext,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  if (/^https?:\/\//.test(source)) return undefined;
  if (source === "-") {
    if (!context.terminal.stdin) return context.stdin;
    throw cliError("USAGE", "cannot import from a terminal: an archive is not text", {
      hint: "name a file or redirect the input",
    });
  }
  const path = resolve(context.cwd, source);
  try {
    if ((await stat(path)).isFile()) return createReadStream(path, { highWaterMark: 256 * 1024 });
  } catch (cause) {
    throw cliError("FILE", `cannot read ${path}: ${messageOf(cause)}`, { cause });
  }
  throw cliError("FILE", `cannot read ${path}: it is no file`);
}
