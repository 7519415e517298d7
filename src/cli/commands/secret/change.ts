import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { list } from "../../arguments/option.ts";
import { readLabel, toMap } from "../../values/key-values.ts";
import { openArchive } from "../archive-input.ts";
import { forEachName } from "../for-each-name.ts";
import { readAtMost } from "./read-at-most.ts";

export const createSecret = defineCommand({
  path: ["secret", "create"],
  aliases: [],
  summary: "Keep a password or a key for containers",
  args: { usage: "SECRET FILE|-", least: 2, most: 2 },
  options: { label: list("NAME=VALUE", "Set a label", { short: "l", read: readLabel }) },
  examples: [
    { line: "tug secret create password password.txt", does: "Keep what is in a file" },
    { line: "pass show db | tug secret create password -", does: "Keep what a program prints" },
  ],
  async run({ options, args: [name = "", file], connect, context, signal }) {
    const input = await openArchive({
      context,
      file,
      verb: "read a secret",
      instead: "name a file or redirect the input",
    });
    const data = await readAtMost(input, dockerApi.MAX_SECRET);
    const labels = toMap(options.label);
    const { Name } = await (await connect()).secrets.create(name, data, { labels, signal });
    return { output: `${Name}\n` };
  },
});

export const removeSecret = defineCommand({
  path: ["secret", "rm"],
  aliases: [["secret", "remove"]],
  summary: "Forget secrets",
  args: { usage: "SECRET...", least: 1, completes: "secrets" },
  options: {},
  examples: [{ line: "tug secret rm password", does: "Forget a secret that no container has" }],
  async run({ args, connect, context }) {
    const client = await connect();
    return forEachName(context, args, async (name) => {
      await client.secrets.remove(name);
      return `${name}\n`;
    });
  },
});
