import type { dockerApi } from "../../../specs/index.ts";
import { defineCommand } from "../../arguments/command.ts";
import { choice, flag } from "../../arguments/option.ts";
import { humanSize } from "../../table/sizes.ts";

export const tree = defineCommand({
  path: ["image", "tree"],
  aliases: [],
  summary: "Show what an image consists of: platforms, documents, layers",
  args: { usage: "IMAGE", least: 1, most: 1, completes: "images" },
  repeatable: true,
  options: {
    format: choice("FORMAT", "As lines or as JSON", { words: ["lines", "json"] }),
    "no-trunc": flag("Do not shorten digests"),
  },
  examples: [{ line: "tug image tree debian:12", does: "See which platforms and layers are here" }],
  async run({ options, args: [image = ""], connect }) {
    const found = await (await connect()).images.tree(image);
    if (options.format === "json") return { output: `${JSON.stringify(found, null, 4)}\n` };
    const full = options["no-trunc"];
    return { output: [`${image}  ${describe(found, full)}`, ...lines(found, "", full), ""].join("\n") };
  },
});

function lines({ Children }: dockerApi.ImageTree, indent: string, full: boolean): string[] {
  return Children.flatMap((child, index) => {
    const isLast = index === Children.length - 1;
    const below = lines(child, `${indent}${isLast ? "   " : "│  "}`, full);
    return [`${indent}${isLast ? "└─" : "├─"} ${describe(child, full)}`, ...below];
  });
}

function describe(node: dockerApi.ImageTree, full: boolean): string {
  const { Kind, Digest, Platform, About, Size, Here, Unpacked } = node;
  const digest = full ? Digest : Digest.replace(/^(\w+:.{12}).*$/, "$1");
  const what = About ?? (Kind === "image" ? Platform : undefined) ?? Kind;
  const notes = [...(Here ? [] : ["not here"]), ...(Unpacked ? ["unpacked"] : [])];
  return [what, digest, humanSize(sizeOf(node) ?? Size), ...notes].join("  ");
}

/** What an image takes with all that it needs; of an index what is here of it. */
function sizeOf({ Kind, Size, Children }: dockerApi.ImageTree): number | undefined {
  if (Kind !== "image" && Kind !== "index") return undefined;
  return Children.reduce((sum, child) => sum + (child.Here ? (sizeOf(child) ?? child.Size) : 0), Size);
}
