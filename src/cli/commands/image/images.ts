import { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { flag, list, text } from "../../arguments/option.ts";
import { ago, plainMoment } from "../../table/moments.ts";
import { type Columns, renderRows } from "../../table/rows.ts";
import { shortId } from "../../table/shorten.ts";
import { humanSize } from "../../table/sizes.ts";
import { readFilter, toFilters } from "../../values/filter.ts";

/** An image under one of its names. */
export type ImageRow = {
  readonly image: dockerApi.ImageSummary;
  readonly name: string;
  readonly tag: string;
  readonly digest: string;
};

const NONE = "<none>";

export const images = defineCommand({
  path: ["image", "ls"],
  aliases: [["images"], ["image", "list"]],
  summary: "List images",
  args: { usage: "[NAME[:TAG]]", least: 0, most: 1, completes: "images" },
  repeatable: true,
  options: {
    all: flag("Images without a name too", { short: "a" }),
    digests: flag("Their digests too"),
    filter: list("NAME=VALUE", "Only those that fit, such as dangling=true or label=stage=base", {
      short: "f",
      read: readFilter,
    }),
    format: text("FORMAT", "table, json, a template, or table and a template"),
    "no-trunc": flag("Do not shorten anything"),
    quiet: flag("Only the ids", { short: "q" }),
  },
  examples: [
    { line: "tug images debian", does: "List what there is of one name" },
    { line: "tug images --format '{{.Repository}}:{{.Tag}} {{.Size}}'", does: "Print what you need of them" },
  ],
  async run({ options, args: [reference], connect, context }) {
    const named = reference === undefined ? [] : [["reference", reference] as const];
    const filters = toFilters([...options.filter, ...named]);
    const found = await (await connect()).images.list({ all: options.all, filters });
    const digests = options.digests || (options.format?.includes(".Digest") ?? false);
    const rows = found.flatMap((image) => imageRows(image, digests));
    const digest = options.digests ? "{{.Digest}}\t" : "";
    return {
      output: renderRows(rows, imageColumns(options["no-trunc"], context.now()), {
        format: options.format,
        table: `{{.Repository}}\t{{.Tag}}\t${digest}{{.ID}}\t{{.CreatedSince}}\t{{.Size}}`,
        only: options.quiet ? "ID" : undefined,
      }),
    };
  },
});

/**
 * What lists of images can show.
 *
 * @param full do not shorten ids
 */
export function imageColumns(full: boolean, now: number): Columns<ImageRow> {
  return {
    ID: { heading: "IMAGE ID", value: ({ image }) => (full ? image.Id : shortId(image.Id)) },
    Repository: { heading: "REPOSITORY", value: ({ name }) => name },
    Tag: { heading: "TAG", value: ({ tag }) => tag },
    Digest: { heading: "DIGEST", value: ({ digest }) => digest },
    CreatedSince: {
      heading: "CREATED",
      value: ({ image }) => (image.Created < 0 ? "N/A" : ago(image.Created, now)),
    },
    CreatedAt: {
      heading: "CREATED AT",
      value: ({ image }) => (image.Created < 0 ? "N/A" : plainMoment(image.Created)),
    },
    Size: { heading: "SIZE", value: ({ image }) => humanSize(image.Size) },
    Containers: {
      heading: "CONTAINERS",
      value: ({ image }) => (image.Containers < 0 ? "N/A" : String(image.Containers)),
    },
    SharedSize: {
      heading: "SHARED SIZE",
      value: ({ image }) => (image.SharedSize < 0 ? "N/A" : humanSize(image.SharedSize)),
    },
    UniqueSize: {
      heading: "UNIQUE SIZE",
      value: ({ image }) => (image.SharedSize < 0 ? "N/A" : humanSize(image.Size - image.SharedSize)),
    },
  };
}

/** One row for each name; a digest makes a row of its own only where no tag of that name does. */
export function imageRows(image: dockerApi.ImageSummary, digests: boolean): ImageRow[] {
  const tags = image.RepoTags.map(splitLast).map(([name, tag]) => ({ name, tag }));
  const known = image.RepoDigests.map((text): [string, string] => {
    const [name = "", digest = ""] = text.split("@");
    return [name, digest];
  });
  const digestsOf = (name: string) => {
    const found = known.filter(([owner]) => owner === name).map(([, digest]) => digest);
    return digests && found.length > 0 ? found : [NONE];
  };
  const tagged = tags.flatMap(({ name, tag }) =>
    digestsOf(name).map((digest) => ({ image, name, tag, digest })),
  );
  const untagged = known
    .filter(([name]) => !tags.some((tag) => tag.name === name))
    .map(([name, digest]) => ({ image, name, tag: NONE, digest }));
  const rows = [...tagged, ...untagged];
  return rows.length > 0 ? rows : [{ image, name: NONE, tag: NONE, digest: NONE }];
}

function splitLast(reference: string): [name: string, tag: string] {
  const { name, suffix } = dockerApi.splitReference(reference);
  return [name, suffix.slice(1)];
}
