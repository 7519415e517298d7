import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { reasonOf, TugError } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { displayProgress } from "../../progress/display.ts";
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
    const archive = await openArchive(options.input, context);
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

async function openArchive(
  name: string | undefined,
  context: CliContext,
): Promise<AsyncIterable<Uint8Array>> {
  if (name === undefined || name === "-") {
    if (!context.terminal.stdin) return context.stdin;
    const hint = "use -i FILE or redirect the input";
    throw cliError("USAGE", "cannot load from a terminal: an archive is not text", { hint });
  }
  const path = resolve(context.cwd, name);
  try {
    if ((await stat(path)).isDirectory()) return await archiveLayout(path);
  } catch (cause) {
    if (cause instanceof TugError) throw cause;
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  }
  return createReadStream(path, { highWaterMark: 256 * 1024 });
}
