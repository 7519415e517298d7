import { dockerApi } from "../../../specs/index.ts";
import { defineCommand, type Example } from "../../arguments/command.ts";
import { list } from "../../arguments/option.ts";
import { readLabel, toMap } from "../../values/key-values.ts";
import { openArchive } from "../archive-input.ts";
import { forEachName } from "../for-each-name.ts";
import { readAtMost } from "./read-at-most.ts";

export const createSecret = create("secret", {
  summary: "Keep a password or a key for containers",
  most: dockerApi.MAX_SECRET,
  examples: [
    { line: "tug secret create password password.txt", does: "Keep what is in a file" },
    { line: "pass show db | tug secret create password -", does: "Keep what a program prints" },
  ],
});

export const createConfig = create("config", {
  summary: "Keep a file of configuration for containers",
  most: dockerApi.MAX_CONFIG,
  examples: [
    { line: "tug config create site nginx.conf", does: "Keep what is in a file" },
    { line: "make-config | tug config create site -", does: "Keep what a program prints" },
  ],
});

export const removeSecret = remove("secret", {
  line: "tug secret rm password",
  does: "Forget a secret that no container has",
});

export const removeConfig = remove("config", {
  line: "tug config rm site",
  does: "Forget a config that no container has",
});

type Kind = "secret" | "config";

type Creation = { readonly summary: string; readonly most: number; readonly examples: readonly Example[] };

function create(kind: Kind, { summary, most, examples }: Creation) {
  return defineCommand({
    path: [kind, "create"],
    aliases: [],
    summary,
    args: { usage: `${kind.toUpperCase()} FILE|-`, least: 2, most: 2 },
    options: { label: list("NAME=VALUE", "Set a label", { short: "l", read: readLabel }) },
    examples,
    async run({ options, args: [name = "", file], connect, context, signal }) {
      const input = await openArchive({
        context,
        file,
        verb: `read a ${kind}`,
        instead: "name a file or redirect the input",
      });
      const data = await readAtMost(input, { what: kind, limit: most });
      const labels = toMap(options.label);
      const { Name } = await (await connect())[`${kind}s`].create(name, data, { labels, signal });
      return { output: `${Name}\n` };
    },
  });
}

function remove(kind: Kind, example: Example) {
  return defineCommand({
    path: [kind, "rm"],
    aliases: [[kind, "remove"]],
    summary: `Forget ${kind}s`,
    args: { usage: `${kind.toUpperCase()}...`, least: 1, completes: `${kind}s` as const },
    options: {},
    examples: [example],
    async run({ args, connect, context }) {
      const client = await connect();
      return forEachName(context, args, async (name) => {
        await client[`${kind}s`].remove(name);
        return `${name}\n`;
      });
    },
  });
}
