import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, text } from "../../arguments/option.ts";
import { cliError } from "../../errors.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { humanSize } from "../../table/sizes.ts";
import { parseTemplate } from "../../template/parse.ts";
import { renderTemplate } from "../../template/render.ts";
import { containerColumns } from "../container/columns.ts";
import { type ImageRow, imageColumns, imageRows } from "../image/images.ts";
import { renderKeepers } from "./df-why.ts";

/** All objects of one kind. */
type KindRow = {
  readonly type: string;
  readonly count: number;
  readonly active: number;
  readonly size: number;
  readonly reclaimable: number;
};

const TABLE = "{{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}";

export const df = defineCommand({
  path: ["system", "df"],
  aliases: [],
  summary: "Show what images, containers and volumes take on disk",
  args: { usage: "", least: 0, most: 0 },
  options: {
    format: text("FORMAT", "table, json, a template, or table and a template"),
    verbose: flag("Each object by itself", { short: "v" }),
    why: flag("What keeps images' blobs and layers, when it was used, and what would be free without it"),
  },
  examples: [
    { line: "tug system df", does: "See what could be reclaimed" },
    { line: "tug system df --why", does: "See what is worth removing" },
    { line: "tug system df -v", does: "See which image or container it is" },
  ],
  async run({ options: { format, verbose, why }, connect, context, signal }) {
    if (verbose && why) throw cliError("CONFLICT", "cannot use --verbose together with --why");
    if (why) {
      const keepers = await (await connect()).system.keepers({ signal });
      return { output: renderKeepers(keepers, { format, now: context.now() }) };
    }
    if (verbose && format?.startsWith("table")) {
      throw cliError("CONFLICT", "cannot show tables of each object with a format: leave out one of them");
    }
    const usage = await (await connect()).system.diskUsage({ signal });
    if (!verbose) return { output: renderRows(kindsOf(usage), kindColumns, { format, table: TABLE }) };
    if (format === undefined) return { output: renderObjects(usage, context.now()) };
    if (format === "json") return { output: `${JSON.stringify(usage)}\n` };
    return { output: `${renderTemplate(parseTemplate(format), usage, { fixed: true })}\n` };
  },
});

const kindColumns: Columns<KindRow> = {
  Type: { heading: "TYPE", value: ({ type }) => type },
  TotalCount: { heading: "TOTAL", value: ({ count }) => String(count) },
  Active: { heading: "ACTIVE", value: ({ active }) => String(active) },
  Size: { heading: "SIZE", value: ({ size }) => humanSize(size) },
  Reclaimable: {
    heading: "RECLAIMABLE",
    value: ({ size, reclaimable }) => {
      const share = size > 0 ? ` (${Math.floor((reclaimable * 100) / size)}%)` : "";
      return `${humanSize(reclaimable)}${share}`;
    },
  },
};

/** Source: https://docs.docker.com/reference/cli/docker/system/df/ */
function kindsOf(usage: dockerApi.DiskUsage): KindRow[] {
  const [images, containers] = [usage.Images ?? [], usage.Containers ?? []];
  const [volumes, caches] = [usage.Volumes ?? [], usage.BuildCache ?? []];
  const used = images.filter(({ Containers }) => Containers > 0);
  const idle = containers.filter(({ State }) => !["running", "paused", "restarting"].includes(State));
  const unused = volumes.filter(({ UsageData }) => UsageData.RefCount === 0);
  const free = caches.filter(({ InUse, Shared }) => !InUse && !Shared);
  return [
    {
      type: "Images",
      count: images.length,
      active: used.length,
      size: usage.LayersSize,
      reclaimable: usage.LayersSize - sum(used.map(({ Size, SharedSize }) => Size - SharedSize)),
    },
    {
      type: "Containers",
      count: containers.length,
      active: containers.length - idle.length,
      size: sum(containers.map(({ SizeRw = 0 }) => SizeRw)),
      reclaimable: sum(idle.map(({ SizeRw = 0 }) => SizeRw)),
    },
    {
      type: "Local Volumes",
      count: volumes.length,
      active: volumes.length - unused.length,
      size: sum(volumes.map(({ UsageData }) => UsageData.Size)),
      reclaimable: sum(unused.map(({ UsageData }) => UsageData.Size)),
    },
    {
      type: "Build Cache",
      count: caches.length,
      active: caches.filter(({ InUse }) => InUse).length,
      size: sum(caches.map(({ Size }) => Size)),
      reclaimable: sum(free.map(({ Size }) => Size)),
    },
  ];
}

function renderObjects(usage: dockerApi.DiskUsage, now: number): string {
  const images = renderRows<ImageRow>(
    (usage.Images ?? []).flatMap((image) => imageRows(image, false)),
    imageColumns(false, now),
    {
      table:
        "{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.CreatedSince}}\t{{.Size}}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
    },
  );
  const containers = renderRows<dockerApi.ContainerSummary>(
    usage.Containers ?? [],
    containerColumns({ full: false, now }),
    {
      table:
        "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}",
    },
  );
  const volumes = renderRows<dockerApi.VolumeUsage>(usage.Volumes ?? [], volumeColumns, {
    table: "{{.Name}}\t{{.Links}}\t{{.Size}}",
  });
  return [
    `Images space usage:\n\n${images}`,
    `Containers space usage:\n\n${containers}`,
    `Local Volumes space usage:\n\n${volumes}`,
    `Build cache usage: ${humanSize(sum((usage.BuildCache ?? []).map(({ Size }) => Size)))}\n`,
  ].join("\n");
}

const volumeColumns: Columns<dockerApi.VolumeUsage> = {
  Name: { heading: "VOLUME NAME", value: ({ Name }) => Name },
  Links: { heading: "LINKS", value: ({ UsageData }) => String(UsageData.RefCount) },
  Size: { heading: "SIZE", value: ({ UsageData }) => humanSize(UsageData.Size) },
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
