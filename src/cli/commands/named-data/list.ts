import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { humanSize } from "../../table/sizes.ts";

export const secrets = listCommand("secret");

export const configs = listCommand("config");

function listCommand(kind: "secret" | "config") {
  return defineCommand({
    path: [kind, "ls"],
    aliases: [[kind, "list"]],
    summary: `List ${kind}s`,
    args: { usage: "", least: 0, most: 0 },
    options: {
      format: text("FORMAT", "table, json, a template, or table and a template"),
      quiet: flag("Only the names", { short: "q" }),
    },
    examples: [{ line: `tug ${kind} ls`, does: "List names, sizes and how many containers have each" }],
    async run({ options, connect }) {
      const found = await (await connect())[`${kind}s`].list();
      return {
        output: renderRows(found, columns, {
          format: options.format,
          table: "{{.Name}}\t{{.Size}}\t{{.Containers}}\t{{.CreatedAt}}",
          only: options.quiet ? "Name" : undefined,
        }),
      };
    },
  });
}

const columns: Columns<dockerApi.Secret> = {
  Name: { heading: "NAME", value: ({ Name }) => Name },
  Size: { heading: "SIZE", value: ({ Size }) => humanSize(Size) },
  Containers: { heading: "CONTAINERS", value: ({ Containers }) => String(Containers.length) },
  CreatedAt: { heading: "CREATED AT", value: ({ CreatedAt }) => CreatedAt },
};
