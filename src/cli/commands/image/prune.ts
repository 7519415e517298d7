import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list } from "../../arguments/option.ts";
import { humanSize } from "../../table/sizes.ts";
import { confirm } from "../../terminal/prompt.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { renderRemoved } from "./change.ts";

export const pruneImages = defineCommand({
  path: ["image", "prune"],
  aliases: [],
  summary: "Remove images that no container uses",
  args: { usage: "", least: 0, most: 0 },
  options: {
    all: flag("Images with a name too", { short: "a" }),
    filter: list("NAME=VALUE", "Only those that fit, such as until=24h or label=stage=base", {
      read: readFilter,
    }),
    force: flag("Do not ask", { short: "f" }),
  },
  examples: [{ line: "tug image prune -a --filter until=240h", does: "Remove what is older than ten days" }],
  async run({ options, connect, context, signal }) {
    const what = options.all ? "all images that no container uses" : "all images without a name";
    if (!options.force && !(await confirm(context, `This removes ${what}. Go on?`))) return {};
    const filters = toFilters([...options.filter, ["dangling", String(!options.all)]]);
    const { images } = await connect();
    const pruned = await images.prune({ filters, signal });
    return {
      output: `${renderPrunedImages(pruned)}Total reclaimed space: ${humanSize(pruned.SpaceReclaimed)}\n`,
    };
  },
});

/** What was untagged and deleted, if there is anything. */
export function renderPrunedImages({ ImagesDeleted }: dockerApi.ImagesPruned): string {
  const removed = (ImagesDeleted ?? []).map(renderRemoved).join("");
  return removed === "" ? "" : `Deleted Images:\n${removed.toLowerCase()}\n`;
}
