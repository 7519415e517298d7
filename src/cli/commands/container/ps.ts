import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, single, text } from "../../arguments/option.ts";
import { renderRows } from "../../table/rows.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { readInteger } from "../../values/numbers.ts";
import { containerColumns } from "./columns.ts";
import { nested } from "./nesting.ts";

const TABLE = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}";

export const ps = defineCommand({
  path: ["container", "ls"],
  aliases: [["ps"], ["container", "ps"], ["container", "list"]],
  summary: "List containers",
  args: { usage: "", least: 0, most: 0 },
  repeatable: true,
  options: {
    all: flag("Those that do not run too", { short: "a" }),
    filter: list("NAME=VALUE", "Only those that fit, such as status=exited or label=tier=front", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "table, json, a template, or table and a template"),
    last: single("NUMBER", "The newest so many, running or not", {
      short: "n",
      read: readInteger(-1, 2 ** 31),
    }),
    latest: flag("The newest one, running or not", { short: "l" }),
    "no-trunc": flag("Do not shorten anything"),
    quiet: flag("Only the ids", { short: "q" }),
    size: flag("Their sizes on disk too", { short: "s" }),
  },
  examples: [
    { line: "tug ps -a --filter status=exited", does: "List containers that have ended" },
    { line: "tug ps --format '{{.Names}}: {{.Status}}'", does: "Print what you need of them" },
  ],
  async run({ options, connect, context }) {
    const size = options.size || (options.format?.includes(".Size") ?? false);
    const limit = options.latest ? 1 : options.last;
    const containers = await (await connect()).containers.list({
      all: options.all,
      limit: limit !== undefined && limit > 0 ? limit : undefined,
      size,
      filters: toFilters(options.filter),
    });
    const columns = containerColumns({ full: options["no-trunc"], now: context.now() });
    const plain = options.quiet || options.format !== undefined;
    return {
      output: renderRows<dockerApi.ContainerSummary>(plain ? containers : nested(containers), columns, {
        format: options.format,
        table: options.size ? `${TABLE}\t{{.Size}}` : TABLE,
        only: options.quiet ? "ID" : undefined,
      }),
    };
  },
});
