import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, text } from "../../arguments/option.ts";
import { humanSize } from "../../table/sizes.ts";
import { confirm } from "../../terminal/prompt.ts";
import { readFilter, toFilters } from "../../values/filter.ts";
import { readLabel, readPair, toMap } from "../../values/key-values.ts";
import { forEachName } from "../for-each-name.ts";

export const createVolume = defineCommand({
  path: ["volume", "create"],
  aliases: [],
  summary: "Make a volume",
  args: { usage: "[VOLUME]", least: 0, most: 1 },
  options: {
    driver: text("DRIVER", "Kind of volume: local", { short: "d" }),
    label: list("NAME=VALUE", "Set a label", { read: readLabel }),
    opt: list(
      "NAME=VALUE",
      "Option of the driver: type=none, o=bind and device=/path for a directory of the host",
      {
        short: "o",
        read: readPair,
      },
    ),
  },
  examples: [
    { line: "tug volume create data", does: "Make a volume for tug run -v data:/srv" },
    {
      line: "tug volume create -o type=none -o o=bind -o device=/srv/data data",
      does: "Give a directory of the host a name",
    },
  ],
  async run({ options, args: [name], connect }) {
    const volume = await (await connect()).volumes.create({
      Name: name,
      Driver: options.driver,
      DriverOpts: Object.fromEntries(options.opt),
      Labels: toMap(options.label),
    });
    return { output: `${volume.Name}\n` };
  },
});

export const removeVolume = defineCommand({
  path: ["volume", "rm"],
  aliases: [["volume", "remove"]],
  summary: "Remove volumes and the files in them",
  args: { usage: "VOLUME...", least: 1, completes: "volumes" },
  options: { force: flag("Do not mind missing ones", { short: "f" }) },
  examples: [{ line: "tug volume rm data", does: "Remove a volume that no container has" }],
  async run({ options: { force }, args, connect, context }) {
    const client = await connect();
    return forEachName(context, args, async (name) => {
      await client.volumes.remove(name, { force });
      return `${name}\n`;
    });
  },
});

export const pruneVolumes = defineCommand({
  path: ["volume", "prune"],
  aliases: [],
  summary: "Remove volumes that no container has",
  args: { usage: "", least: 0, most: 0 },
  options: {
    all: flag("Volumes that have a name too", { short: "a" }),
    filter: list("NAME=VALUE", "Only those that fit, such as until=24h or label=stage=test", {
      read: readFilter,
    }),
    force: flag("Do not ask", { short: "f" }),
  },
  examples: [{ line: "tug volume prune", does: "Remove what containers without --rm left behind" }],
  async run({ options, connect, context, signal }) {
    const which = options.all ? "all volumes" : "all volumes without a name";
    const question = `This removes ${which} that no container has, with their files. Go on?`;
    if (!options.force && !(await confirm(context, question))) return {};
    const filters = toFilters(options.filter);
    const pruned = await (await connect()).volumes.prune({
      filters: options.all ? new Map([...filters, ["all", ["true"]]]) : filters,
      signal,
    });
    return {
      output: `${renderPrunedVolumes(pruned)}Total reclaimed space: ${humanSize(pruned.SpaceReclaimed)}\n`,
    };
  },
});

/** The names of removed volumes, if there are any. */
export function renderPrunedVolumes({ VolumesDeleted }: dockerApi.VolumesPruned): string {
  const names = VolumesDeleted ?? [];
  return names.length === 0 ? "" : `Deleted Volumes:\n${names.map((name) => `${name}\n`).join("")}\n`;
}
