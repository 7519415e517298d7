import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { ago } from "../../table/moments.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { ellipsis, shortId } from "../../table/shorten.ts";
import { humanSize } from "../../table/sizes.ts";

export const history = defineCommand({
  path: ["image", "history"],
  aliases: [["history"]],
  summary: "Show the steps that an image was made in",
  args: { usage: "IMAGE", least: 1, most: 1, completes: "images" },
  repeatable: true,
  options: {
    format: text("FORMAT", "table, json, a template, or table and a template"),
    human: flag("Sizes and moments for people", { short: "H", initial: true }),
    "no-trunc": flag("Do not shorten anything"),
    quiet: flag("Only the ids", { short: "q" }),
  },
  examples: [{ line: "tug history --no-trunc debian", does: "See every step in full" }],
  async run({ options, args: [image = ""], connect, context }) {
    const entries = await (await connect()).images.history(image);
    const how = { full: options["no-trunc"], human: options.human, now: context.now() };
    return {
      output: renderRows(entries, columnsFor(how), {
        format: options.format,
        table: "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}",
        only: options.quiet ? "ID" : undefined,
      }),
    };
  },
});

/** Before this nothing was built: a moment of 0 is none. */
const EPOCH = Date.UTC(2000) / 1000;

type How = { readonly full: boolean; readonly human: boolean; readonly now: number };

function columnsFor({ full, human, now }: How): Columns<dockerApi.ImageHistoryEntry> {
  const createdAt = ({ Created }: dockerApi.ImageHistoryEntry) =>
    Created <= EPOCH ? "N/A" : new Date(Created * 1000).toISOString().replace(".000", "");
  return {
    ID: { heading: "IMAGE", value: ({ Id }) => (full ? Id : shortId(Id)) },
    CreatedSince: {
      heading: "CREATED",
      value: (entry) => (human && entry.Created > EPOCH ? ago(entry.Created, now) : createdAt(entry)),
    },
    CreatedAt: { heading: "CREATED AT", value: createdAt },
    CreatedBy: {
      heading: "CREATED BY",
      value: ({ CreatedBy }) => {
        const line = CreatedBy.replaceAll("\t", " ");
        return full ? line : ellipsis(line, 45);
      },
    },
    Size: { heading: "SIZE", value: ({ Size }) => (human ? humanSize(Size) : String(Size)) },
    Comment: { heading: "COMMENT", value: ({ Comment }) => Comment },
  };
}
