import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { shortId } from "../../table/shorten.ts";
import { readFilter, toFilters } from "../../values/filter.ts";

export const networks = defineCommand({
  path: ["network", "ls"],
  aliases: [["network", "list"]],
  summary: "List networks",
  args: { usage: "", least: 0, most: 0 },
  options: {
    filter: list("NAME=VALUE", "Only those that fit, such as driver=bridge or dangling=true", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "table, json, a template, or table and a template"),
    "no-trunc": flag("Do not shorten anything"),
    quiet: flag("Only the ids", { short: "q" }),
  },
  examples: [{ line: "tug network ls -f dangling=true", does: "List networks that nobody uses" }],
  async run({ options, connect }) {
    const found = await (await connect()).networks.list({ filters: toFilters(options.filter) });
    const sorted = found.toSorted((a, b) => a.Name.localeCompare(b.Name));
    return {
      output: renderRows(sorted, columnsFor(options["no-trunc"]), {
        format: options.format,
        table: "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
        only: options.quiet ? "ID" : undefined,
      }),
    };
  },
});

function columnsFor(full: boolean): Columns<dockerApi.Network> {
  return {
    ID: { heading: "NETWORK ID", value: ({ Id }) => (full ? Id : shortId(Id)) },
    Name: { heading: "NAME", value: ({ Name }) => Name },
    Driver: { heading: "DRIVER", value: ({ Driver }) => Driver },
    Scope: { heading: "SCOPE", value: ({ Scope }) => Scope },
    IPv6: { heading: "IPV6", value: ({ EnableIPv6 }) => String(EnableIPv6) },
    Internal: { heading: "INTERNAL", value: ({ Internal }) => String(Internal) },
    Labels: {
      heading: "LABELS",
      value: ({ Labels }) =>
        Object.entries(Labels)
          .map(([k, v]) => `${k}=${v}`)
          .join(","),
    },
    CreatedAt: { heading: "CREATED AT", value: ({ Created }) => Created },
  };
}
