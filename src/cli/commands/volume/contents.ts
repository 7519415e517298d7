import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { resolve } from "node:path";
import { reasonOf } from "../../../base/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import type { CliContext } from "../../context.ts";
import { cliError } from "../../errors.ts";
import { writeArchive } from "../archive-output.ts";

export const renameVolume = defineCommand({
  path: ["volume", "rename"],
  aliases: [],
  summary: "Give a volume another name",
  args: { usage: "VOLUME NEW_NAME", least: 2, most: 2, completes: "volumes" },
  options: {},
  examples: [{ line: "tug volume rename data data-old", does: "Keep what no container uses any more" }],
  async run({ args: [name = "", to = ""], connect, signal }) {
    const { Name } = await (await connect()).volumes.rename(name, to, { signal });
    return { output: `${Name}\n` };
  },
});

export const cloneVolume = defineCommand({
  path: ["volume", "clone"],
  aliases: [],
  summary: "Make a volume with a copy of another one's files",
  args: { usage: "VOLUME NEW_NAME", least: 2, most: 2, completes: "volumes" },
  options: {},
  examples: [{ line: "tug volume clone data data-copy", does: "Try something on a copy" }],
  async run({ args: [name = "", to = ""], connect, signal }) {
    const { Name } = await (await connect()).volumes.clone(name, to, { signal });
    return { output: `${Name}\n` };
  },
});

export const exportVolume = defineCommand({
  path: ["volume", "export"],
  aliases: [],
  summary: "Write a volume's files as a tar archive",
  args: { usage: "VOLUME", least: 1, most: 1, completes: "volumes" },
  options: { output: text("FILE", "Write to a file instead of stdout", { short: "o", completes: "files" }) },
  examples: [{ line: "tug volume export data | gzip > data.tar.gz", does: "Keep a copy elsewhere" }],
  async run({ options, args: [name = ""], connect, context, signal }) {
    const client = await connect();
    await writeArchive(client.volumes.export(name, { signal }), {
      context,
      file: options.output,
      verb: "export",
    });
    return {};
  },
});

export const importVolume = defineCommand({
  path: ["volume", "import"],
  aliases: [],
  summary: "Unpack a tar archive into a volume",
  args: { usage: "VOLUME [FILE|-]", least: 1, most: 2, completes: "volumes" },
  options: {},
  examples: [
    { line: "tug volume import data data.tar.gz", does: "Bring back what export has written" },
    { line: "tar -c . | tug volume import data", does: "Fill a volume with the files of this directory" },
  ],
  async run({ args: [name = "", file], connect, context, signal }) {
    const archive = await openArchive(file, context);
    const { Name } = await (await connect()).volumes.import(name, archive, { signal });
    return { output: `${Name}\n` };
  },
});

/** @throws CLI_USAGE for a terminal, CLI_FILE */
async function openArchive(
  name: string | undefined,
  context: CliContext,
): Promise<AsyncIterable<Uint8Array>> {
  if (name === undefined || name === "-") {
    if (!context.terminal.stdin) return context.stdin;
    const hint = "name a file or redirect the input";
    throw cliError("USAGE", "cannot import from a terminal: an archive is not text", { hint });
  }
  const path = resolve(context.cwd, name);
  await access(path).catch((cause: unknown) => {
    throw cliError("FILE", `cannot read ${path}: ${reasonOf(cause)}`, { cause });
  });
  return createReadStream(path, { highWaterMark: 256 * 1024 });
}
