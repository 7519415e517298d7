import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list } from "../../arguments/option.ts";
import { humanSize } from "../../table/sizes.ts";
import { confirm } from "../../terminal/prompt.ts";
import { readFilter, toFilters } from "../../values/filter.ts";

export const pruneContainers = defineCommand({
  path: ["container", "prune"],
  aliases: [],
  summary: "Remove containers that do not run",
  args: { usage: "", least: 0, most: 0 },
  options: {
    filter: list("NAME=VALUE", "Only those that fit, such as until=24h or label=stage=test", {
      read: readFilter,
    }),
    force: flag("Do not ask", { short: "f" }),
  },
  examples: [
    { line: "tug container prune -f --filter until=24h", does: "Remove what was made before yesterday" },
  ],
  async run({ options, connect, context, signal }) {
    if (!options.force && !(await confirm(context, "This removes all containers that do not run. Go on?"))) {
      return {};
    }
    const { containers } = await connect();
    const pruned = await containers.prune({ filters: toFilters(options.filter), signal });
    return {
      output: `${renderPrunedContainers(pruned)}Total reclaimed space: ${humanSize(pruned.SpaceReclaimed)}\n`,
    };
  },
});

/** The ids of removed containers, if there are any. */
export function renderPrunedContainers({ ContainersDeleted }: dockerApi.ContainersPruned): string {
  const ids = ContainersDeleted ?? [];
  return ids.length === 0 ? "" : `Deleted Containers:\n${ids.map((id) => `${id}\n`).join("")}\n`;
}
