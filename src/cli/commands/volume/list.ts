import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { readFilter, toFilters } from "../../values/filter.ts";

export const volumes = defineCommand({
  path: ["volume", "ls"],
  aliases: [["volume", "list"]],
  summary: "List volumes",
  args: { usage: "", least: 0, most: 0 },
  options: {
    filter: list("NAME=VALUE", "Only those that fit, such as dangling=true or label=stage=test", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "table, json, a template, or table and a template"),
    quiet: flag("Only the names", { short: "q" }),
  },
  examples: [{ line: "tug volume ls -f dangling=true", does: "List volumes that no container has" }],
  async run({ options, connect }) {
    const { Volumes } = await (await connect()).volumes.list({ filters: toFilters(options.filter) });
    return {
      output: renderRows(Volumes, columns, {
        format: options.format,
        table: "{{.Driver}}\t{{.Name}}",
        only: options.quiet ? "Name" : undefined,
      }),
    };
  },
});

const columns: Columns<dockerApi.Volume> = {
  Driver: { heading: "DRIVER", value: ({ Driver }) => Driver },
  Name: { heading: "VOLUME NAME", value: ({ Name }) => Name },
  Scope: { heading: "SCOPE", value: ({ Scope }) => Scope },
  Mountpoint: { heading: "MOUNTPOINT", value: ({ Mountpoint }) => Mountpoint },
  Labels: {
    heading: "LABELS",
    value: ({ Labels }) =>
      Object.entries(Labels ?? {})
        .map(([name, value]) => `${name}=${value}`)
        .join(","),
  },
  CreatedAt: { heading: "CREATED AT", value: ({ CreatedAt }) => CreatedAt },
};
