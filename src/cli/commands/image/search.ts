import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, single, text } from "../../arguments/option.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { ellipsis } from "../../table/shorten.ts";
import { printable } from "../../terminal/printable.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { readInteger } from "../../values/numbers.ts";

/** Characters of a description that are shown. */
const SHORT = 45;

export const search = defineCommand({
  path: ["search"],
  aliases: [["image", "search"]],
  summary: "Look for images in a registry",
  args: { usage: "[REGISTRY/]TERM", least: 1, most: 1 },
  repeatable: true,
  options: {
    filter: list("NAME=VALUE", "Only those that fit: is-official=true, stars=10", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "table, json, a template, or table and a template"),
    limit: single("NUMBER", "At most so many, 25 if left out", { read: readInteger(1, 100) }),
    "no-trunc": flag("Do not shorten anything"),
  },
  examples: [
    { line: "tug search --filter is-official=true debian", does: "Look on Docker Hub" },
    { line: "tug search localhost:5000/app", does: "Look in another registry" },
  ],
  async run({ options, args: [term = ""], connect, signal }) {
    const { limit } = options;
    const filters = toFilters(options.filter);
    const found = await (await connect()).images.search(term, { limit, filters, signal });
    return {
      output: renderRows(found, columnsFor(options["no-trunc"]), {
        format: options.format,
        table: "{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}",
      }),
    };
  },
});

function columnsFor(full: boolean): Columns<dockerApi.ImageSearchHit> {
  const mark = (is: boolean): string => (is ? "[OK]" : "");
  return {
    Name: { heading: "NAME", value: ({ name }) => name },
    Description: {
      heading: "DESCRIPTION",
      value({ description }) {
        const line = printable(description.replaceAll(/\s+/g, " ").trim());
        return full ? line : ellipsis(line, SHORT);
      },
    },
    StarCount: { heading: "STARS", value: ({ star_count }) => String(star_count) },
    IsOfficial: { heading: "OFFICIAL", value: ({ is_official }) => mark(is_official) },
    IsAutomated: { heading: "AUTOMATED", value: ({ is_automated }) => mark(is_automated) },
  };
}
