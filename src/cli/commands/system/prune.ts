import { defineCommand } from "../../arguments/command.ts";
import { flag, list } from "../../arguments/option.ts";
import { humanSize } from "../../table/sizes.ts";
import { confirm } from "../../terminal/prompt.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { renderPrunedContainers } from "../container/prune.ts";
import { renderPrunedImages } from "../image/prune.ts";
import { renderPrunedNetworks } from "../network/change.ts";
import { renderPrunedVolumes } from "../volume/change.ts";

export const pruneSystem = defineCommand({
  path: ["system", "prune"],
  aliases: [],
  summary: "Remove containers, networks, images and volumes that nobody uses",
  args: { usage: "", least: 0, most: 0 },
  options: {
    all: flag("Images with a name too", { short: "a" }),
    filter: list("NAME=VALUE", "Only what fits, such as until=24h or label=stage=test", { read: readFilter }),
    force: flag("Do not ask", { short: "f" }),
    volumes: flag("Volumes that have no name too"),
  },
  examples: [
    { line: "tug system prune -af --filter until=240h", does: "Remove what is older than ten days" },
  ],
  async run({ options, connect, context, signal }) {
    const images = options.all ? "all images that no container uses" : "all images without a name";
    const nameless = options.volumes ? ", all volumes without a name that no container has" : "";
    const what = `all containers that do not run, all networks that nobody uses${nameless}, and ${images}`;
    if (!options.force && !(await confirm(context, `This removes ${what}. Go on?`))) return {};
    const client = await connect();
    const filters = toFilters(options.filter);
    // Containers first: they are what uses the rest.
    const containers = await client.containers.prune({ filters, signal });
    const networks = await client.networks.prune({ filters, signal });
    const volumes = options.volumes ? await client.volumes.prune({ filters, signal }) : undefined;
    const dangling = ["dangling", [String(!options.all)]] as const;
    const pruned = await client.images.prune({ filters: new Map([...filters, dangling]), signal });
    const removed = renderPrunedNetworks(networks);
    const lists = [
      renderPrunedContainers(containers),
      removed === "" ? "" : `${removed}\n`,
      volumes === undefined ? "" : renderPrunedVolumes(volumes),
      renderPrunedImages(pruned),
    ];
    const total = containers.SpaceReclaimed + pruned.SpaceReclaimed + (volumes?.SpaceReclaimed ?? 0);
    return { output: `${lists.join("")}Total reclaimed space: ${humanSize(total)}\n` };
  },
});
