import { defineCommand } from "../../arguments/command.ts";
import { text } from "../../arguments/option.ts";
import { openArchive } from "../archive-input.ts";
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
    const archive = await openArchive({
      context,
      file,
      verb: "import",
      instead: "name a file or redirect the input",
    });
    const { Name } = await (await connect()).volumes.import(name, archive, { signal });
    return { output: `${Name}\n` };
  },
});
